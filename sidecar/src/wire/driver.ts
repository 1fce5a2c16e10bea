import type { Socket } from 'node:net';
import type { Connection } from '../listen/connection.ts';

/** One way to speak a protocol on accepted connections: http (slow), http2, tcp; later http1 (fast). */
export interface Driver {
  /** Takes over a connection whose first bytes, if any were read, have been pushed back with `unshift`. */
  accept(socket: Socket, connection: Connection): void;
  /** Finishes what is in flight and takes nothing new (`connection: close`, GOAWAY). Resolves when nothing is left. */
  drain(): Promise<void>;
  /** Destroys every connection, downstream and upstream, now. */
  close(): void;
}
