import type { Http2Stream } from 'node:http2';

/** Something whose peers may stop reading. */
export interface Watched {
  /** Bytes that wait for a peer to read; undefined: none do. */
  waitingBytes(): number | undefined;
  /** The peer has not read for the whole time allowed. */
  stalled(): void;
}

export interface StallWatch {
  add(watched: Watched): void;
  remove(watched: Watched): void;
  stop(): void;
}

/** Looks this often within the time allowed: a stall is noticed between one and one and a quarter times that time. */
const LOOKS = 4;

/**
 * Cuts exchanges whose receiver holds its flow-control window shut. One timer for all: a stream that is silent because nobody
 * has anything to say is left alone, however long.
 */
export function createStallWatch(timeoutMs: number): StallWatch {
  const seen = new Map<Watched, { bytes: number; looks: number }>();
  const look = (): void => {
    for (const [watched, state] of seen) {
      const bytes = watched.waitingBytes();
      const isStuck = bytes !== undefined && bytes === state.bytes;
      state.looks = isStuck ? state.looks + 1 : 0;
      state.bytes = bytes ?? -1;
      if (state.looks >= LOOKS) watched.stalled();
    }
  };
  const timer = setInterval(look, Math.max(1, timeoutMs / LOOKS)).unref();
  return {
    add: (watched) => void seen.set(watched, { bytes: -1, looks: 0 }),
    remove: (watched) => void seen.delete(watched),
    stop: () => clearInterval(timer),
  };
}

/** Bytes written to `stream` that its peer has not taken yet; undefined when there is nothing to take. */
export function unreadBytes(stream: Http2Stream): number | undefined {
  if (stream.destroyed || stream.closed) return undefined;
  if (stream.writableNeedDrain || (stream.writableEnded && !stream.writableFinished))
    return stream.writableLength;
  return undefined;
}
