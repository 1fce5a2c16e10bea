import type { Socket } from 'node:net';
import type { Connection } from '../../listen/connection.ts';
import type { Driver } from '../driver.ts';
import { TcpStream, type SilentStream, type TcpStreamOptions } from './tcp-stream.ts';

export type TcpDriverOptions = TcpStreamOptions;

/** Carries bytes unread: TLS, and protocols that are not HTTP. */
export interface TcpDriver extends Driver {
  /** `head`: bytes that were read from a client whose end is read as well, and can not be pushed back. */
  accept(socket: Socket, connection: Connection, head?: Uint8Array): void;
  /**
   * Takes a client that has said nothing: connects, so that the server can speak, and leaves the client's bytes to the caller,
   * who decides by the first of them. `onServerSpoke` is called when the server is first; the caller has to commit then.
   */
  acceptSilent(socket: Socket, connection: Connection, onServerSpoke: () => void): SilentStream;
}

export function createTcpDriver(options: TcpDriverOptions): TcpDriver {
  const live = new Set<TcpStream>();
  let whenEmpty: (() => void) | undefined;
  const onGone = (stream: TcpStream): void => {
    live.delete(stream);
    if (live.size === 0) whenEmpty?.();
  };
  return {
    accept(socket, connection, head) {
      const stream = new TcpStream(socket, options, onGone);
      live.add(stream);
      stream.start(connection);
      stream.commit(head);
    },
    acceptSilent(socket, connection, onServerSpoke) {
      const stream = new TcpStream(socket, options, onGone);
      live.add(stream);
      stream.onServerSpoke = onServerSpoke;
      stream.start(connection);
      return stream;
    },
    drain: () =>
      new Promise((resolve) => {
        whenEmpty = resolve;
        if (live.size === 0) resolve();
      }),
    close() {
      for (const stream of live) stream.destroy();
    },
  };
}
