import { runProgram } from '@lanekeeper/runtime/lifecycle';
import { buildSidecar } from './app.ts';
import { parseConfig } from './config.ts';

process.exit(await runProgram({ build: (lifecycle) => buildSidecar(parseConfig(process.env), lifecycle) }));
