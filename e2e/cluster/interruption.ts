import { interruptCommands } from './command.ts';

let isEnding = false;

/** Ctrl-C and kin end what is under way, so that the caller's clean-up runs; a second one changes nothing. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isEnding) return;
      isEnding = true;
      process.stderr.write(`\n${signal}: ending and cleaning up\n`);
      interruptCommands(`interrupted by ${signal}`);
    });
  }
}
