import type { Terminal } from './terminal.ts';

const PATIENCE_MS = 2_000;

/** Says what is still waited for, once it has taken a while; the returned function is called with what begins, and its result at its end. */
export function createProgress(
  { err }: Pick<Terminal, 'err'>,
  patienceMs = PATIENCE_MS,
): (what: string) => () => void {
  return (what) => {
    const timer = setTimeout(() => err(`still asking for ${what} …\n`), patienceMs);
    timer.unref();
    return () => clearTimeout(timer);
  };
}
