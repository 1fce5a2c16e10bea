#!/usr/bin/env node
import { createProgram } from './program.ts';
import { terminalOf } from './output/terminal.ts';
import { runProgram } from './run-program.ts';

// Whoever read it has read enough: lanectl hops a | head.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const terminal = terminalOf(process);
const surroundings = { env: process.env, executable: process.argv[1] ?? '' };
process.exitCode = await runProgram(createProgram(terminal, surroundings), process.argv, terminal);
