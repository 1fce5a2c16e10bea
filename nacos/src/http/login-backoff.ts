/** When the next login may be tried. Wrong credentials tried in a row may lock a user out; a server that is away is soon back. */
export interface LoginBackoff {
  /** Milliseconds until then; 0: now. */
  waitMs(): number;
  failed(reason: 'credentials' | 'server'): void;
  succeeded(): void;
  /** A token that it had given was refused. */
  tokenRefused(): void;
}

const FIRST_MS = 1000;
const MAX_MS = 30_000;
/** Of a server that cannot be asked: its return must be seen soon. */
const SERVER_MS = 500;
/** A token that served so long and is refused then was taken back (a server with another key): log in at once. */
const GOOD_MS = 60_000;

export function createLoginBackoff(now: () => number): LoginBackoff {
  let next = -Infinity;
  let succeededAt = -Infinity;
  let wrongLogins = 0;
  let freshTokensRefused = 0;
  const waitAfter = (failures: number): void => {
    next = now() + Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1));
  };
  return {
    waitMs: () => Math.max(0, next - now()),
    failed(reason) {
      if (reason === 'credentials') waitAfter(++wrongLogins);
      else next = now() + SERVER_MS;
    },
    succeeded() {
      succeededAt = now();
      wrongLogins = 0;
    },
    tokenRefused() {
      if (now() - succeededAt >= GOOD_MS) freshTokensRefused = 0;
      else waitAfter(++freshTokensRefused);
    },
  };
}
