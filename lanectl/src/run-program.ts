import { ApiError } from '@lanekeeper/kubernetes/api-error';
import { ConfigError } from '@lanekeeper/runtime/env';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './output/exit-code.ts';
import { Failure } from './output/failure.ts';
import { paint, type Terminal } from './output/terminal.ts';
import type { LanectlProgram } from './program.ts';

/** Runs what the arguments ask for; answers the exit code. Whatever goes wrong ends in a sentence and what to type next. */
export async function runProgram(
  { command, code }: LanectlProgram,
  argv: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    await command.parseAsync([...argv]);
    return code();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    terminal.err(`${paint(terminal, 'red', 'lanectl:')} ${sentenceOf(error)}\n`);
    if (error instanceof Failure && error.next !== undefined) terminal.err(`  next: ${error.next}\n`);
    return EXIT.failed;
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof ApiError || error instanceof Failure)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
