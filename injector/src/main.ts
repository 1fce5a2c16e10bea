import { runProgram } from '@lanekeeper/runtime/lifecycle';
import { buildInjector } from './app.ts';
import { parseConfig } from './config.ts';

process.exit(await runProgram({ build: (lifecycle) => buildInjector(parseConfig(process.env), lifecycle) }));
