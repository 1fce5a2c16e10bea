import type { Socket } from 'node:net';
import { detectProtocol, type Detected } from './detect-protocol.ts';

/** How the wait for the first bytes ended. `silent`: the bound passed; `ended`: the client sent its end; `gone`: it is lost. */
export type Outcome = Exclude<Detected, 'more'> | 'silent' | 'ended' | 'gone';

export interface Bounds {
  /** For the first byte; undefined: none. */
  readonly firstMs: number | undefined;
  /** From the first byte until the protocol is known. */
  readonly restMs: number;
}

export interface Wait {
  begin(): void;
  /** Ends the wait without a call; what was read is in the socket again, or returned where that is too late. */
  stop(): Buffer;
  hasSpoken(): boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * Calls back once, as soon as the protocol is known, at the bound, or when the connection ends. No listener of ours is left on
 * the socket by then, and the bytes that were looked at are back in it; only a stream that has said its end takes nothing back,
 * so that they come as `head` then.
 */
export function awaitFirstBytes(
  socket: Socket,
  bounds: Bounds,
  settle: (outcome: Outcome, head: Buffer) => void,
): Wait {
  let held: Buffer = NOTHING;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): Buffer => {
    clearTimeout(timer);
    socket.off('readable', look).off('end', onEnd).off('close', onClose);
    if (socket.readableEnded || socket.destroyed) return held;
    if (held.length > 0) socket.unshift(held);
    return NOTHING;
  };
  const finish = (outcome: Outcome): void => settle(outcome, stop());
  const onEnd = (): void => finish('ended');
  const onClose = (): void => finish('gone');
  const look = (): void => {
    const bytes: unknown = socket.read();
    if (!Buffer.isBuffer(bytes)) return;
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const outcome = detectProtocol(held);
    if (outcome !== 'more') finish(outcome);
    else timer ??= setTimeout(() => finish('silent'), bounds.restMs);
  };
  return {
    begin() {
      if (bounds.firstMs !== undefined) timer = setTimeout(() => finish('silent'), bounds.firstMs);
      socket.on('readable', look).once('end', onEnd).once('close', onClose);
      if (socket.readableLength > 0) look();
      else if (socket.readableEnded) finish('ended');
    },
    stop,
    hasSpoken: () => held.length > 0,
  };
}
