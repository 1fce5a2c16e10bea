import { runProgram } from '@lanekeeper/runtime/lifecycle';
import { buildInjector } from './app.ts';
import { parseConfig } from './config.ts';

process.exit(
  await runProgram({
    build: (lifecycle) =>
      buildInjector({ config: parseConfig(process.env), credentials: process.env, lifecycle }),
  }),
);
