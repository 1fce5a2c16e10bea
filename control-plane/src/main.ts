import { runProgram } from '@lanekeeper/runtime/lifecycle';
import { buildControlPlane } from './app.ts';
import { parseConfig } from './config.ts';

process.exit(
  await runProgram({ build: (lifecycle) => buildControlPlane(parseConfig(process.env), lifecycle) }),
);
