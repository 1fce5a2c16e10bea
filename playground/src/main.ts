/** `npm run demo`: see --help. Exit codes: 0 fine, 1 could not be started or crashed, 2 something differs, 64 bad usage, 130 interrupted. */
import { HELP, UsageError, parseOptions } from './options.ts';
import type { PlaygroundCommand } from './options.ts';
import type { Playground } from './playground.ts';
import { tellAct, tellAddresses, toJson } from './report.ts';
import type { Page } from './report.ts';
import { ACTS, play } from './scenario.ts';
import type { ActResult } from './scenario.ts';
import { startTold } from './start-told.ts';

const EXIT_DIFFERS = 2;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;

/** Aborted by Ctrl-C, SIGTERM, a closed terminal, a reader that has gone, or a process of the playground that crashed. */
function listenForTheEnd(): AbortController {
  const end = new AbortController();
  // Stays installed: the second Ctrl-C of an impatient hand must not stop the tidying up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort());
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => end.abort());
  }
  return end;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A listener alone does not keep a process alive.
    const alive = setInterval(() => undefined, 1 << 30);
    const finish = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish, { once: true });
  });
}

async function playAll(
  playground: Playground,
  page: Page | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const results: ActResult[] = [];
  for (const act of ACTS) {
    const result = await play(playground, act, signal);
    results.push(result);
    if (page !== undefined) tellAct(page, result);
  }
  if (page === undefined) process.stdout.write(toJson(results));
  else tellAddresses(page, playground);
  return results.every((result) => result.differences.length === 0);
}

async function show(
  command: PlaygroundCommand,
  playground: Playground,
  signal: AbortSignal,
): Promise<number> {
  const page: Page = {
    isColoured: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    write: (text) => process.stdout.write(text),
  };
  const isAsExpected = await playAll(playground, command.output === 'text' ? page : undefined, signal);
  if (!command.once) {
    process.stderr.write('Everything stays up until Ctrl-C.\n');
    await untilAborted(signal);
  }
  return isAsExpected ? 0 : EXIT_DIFFERS;
}

async function run(command: PlaygroundCommand): Promise<number> {
  const end = listenForTheEnd();
  let crash: Error | undefined;
  const onCrash = (error: Error): void => {
    crash ??= error;
    end.abort();
  };
  let playground: Playground | undefined;
  let code: number;
  try {
    playground = await startTold(command, { signal: end.signal, onCrash });
    code = await show(command, playground, end.signal);
  } catch (error) {
    if (!end.signal.aborted) throw error;
    code = EXIT_INTERRUPTED;
  } finally {
    await playground?.close();
  }
  if (crash !== undefined) throw crash;
  process.stderr.write('· everything is stopped\n');
  return code;
}

async function main(): Promise<number> {
  const command = parseOptions(process.argv.slice(2));
  if (command.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return run(command);
}

main().then(
  (code) => {
    process.exitCode = code;
    // Whatever is still being built or started for nobody would keep this process alive.
    if (code === EXIT_INTERRUPTED) process.exit();
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? EXIT_USAGE : 1;
  },
);
