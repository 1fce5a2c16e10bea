import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

/** A client that writes bytes and keeps what comes back. */
export interface RawClient {
  readonly socket: Socket;
  write(text: string): void;
  /** Ends the writing side only. */
  end(): void;
  /** Everything received so far, latin1. */
  received(): string;
  /** Waits until `text` was received. */
  until(text: string): Promise<string>;
  /** Waits until the connection is closed by the other side; tells what had been received, and whether it was reset. */
  closed(): Promise<{ readonly text: string; readonly wasReset: boolean }>;
}

export function rawClient(port: number): RawClient {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let ended = false;
  let failure: NodeJS.ErrnoException | undefined;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => (ended = true));
  socket.on('error', (error) => (failure = error));
  onTestFinished(() => void socket.destroy());
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    write: (text) => void socket.write(text, 'latin1'),
    end: () => void socket.end(),
    received,
    async until(text) {
      await eventually(`receive ${JSON.stringify(text)}`, () => received().includes(text)).catch(
        (error: Error) => {
          throw new Error(`${error.message}; received ${JSON.stringify(received().slice(-400))}`);
        },
      );
      return received();
    },
    async closed() {
      await eventually(
        `end of connection after ${JSON.stringify(received())}`,
        () => ended || socket.destroyed,
      );
      return { text: received(), wasReset: failure !== undefined };
    },
  };
}

/** One request over a connection of its own: everything that comes until the connection ends. */
export async function exchangeRaw(
  port: number,
  bytes: string,
): Promise<{ readonly text: string; readonly wasReset: boolean }> {
  const client = rawClient(port);
  client.write(bytes);
  return client.closed();
}
