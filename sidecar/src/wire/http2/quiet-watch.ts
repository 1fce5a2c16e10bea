import type { Http2Session } from 'node:http2';

export interface QuietWatchOptions {
  /** After this time without a frame either way the peer is asked for a sign of life. */
  readonly quietMs: number;
  /** How long it has for that. */
  readonly answerMs: number;
  readonly lost: () => void;
}

/**
 * Finds sessions that are dead and do not say so: a peer that vanished, or one that broke the protocol after its GOAWAY, whose
 * session nghttp2 has given up without a word to node:http2.
 */
export function watchQuiet(session: Http2Session, options: QuietWatchOptions): void {
  const { quietMs, answerMs, lost } = options;
  let timer: NodeJS.Timeout | undefined;
  session.setTimeout(quietMs, () => {
    if (timer !== undefined || session.destroyed) return;
    timer = setTimeout(lost, answerMs);
    session.ping((unsent) => {
      clearTimeout(timer);
      timer = undefined;
      if (unsent !== null && !session.destroyed) lost();
    });
  });
  session.once('close', () => clearTimeout(timer));
}
