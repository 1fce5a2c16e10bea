import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { eventually } from './eventually.ts';
import { listen } from './start-driver.ts';

/** One connection that the driver made, as the upstream sees it. */
export interface UpstreamConnection {
  readonly socket: Socket;
  /** Everything received so far, latin1. */
  received(): string;
  until(text: string): Promise<string>;
  hasEnded(): boolean;
}

export interface RawUpstream {
  readonly target: SocketAddress;
  readonly connections: UpstreamConnection[];
  /** Waits for the connection with this index. */
  connection(index?: number): Promise<UpstreamConnection>;
}

export interface RawUpstreamOptions {
  /** Called with all that was received on a connection each time more comes. */
  readonly onData?: (socket: Socket, received: string) => void;
}

/** An upstream that records bytes and answers with what the test writes; it knows no HTTP. */
export async function rawUpstream(options: RawUpstreamOptions = {}): Promise<RawUpstream> {
  const connections: UpstreamConnection[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(record(socket, options));
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  return {
    target: { address: '127.0.0.1', port },
    connections,
    connection: (index = 0) => eventually(`connection ${index} to the upstream`, () => connections[index]),
  };
}

/** Answers each request that has a complete head with `reply`, for requests without a body. */
export function replying(reply: string): RawUpstreamOptions {
  const answered = new WeakMap<Socket, number>();
  return {
    onData(socket, received) {
      const heads = received.split('\r\n\r\n').length - 1;
      for (let done = answered.get(socket) ?? 0; done < heads; done += 1) socket.write(reply, 'latin1');
      answered.set(socket, heads);
    },
  };
}

function record(socket: Socket, options: RawUpstreamOptions): UpstreamConnection {
  const chunks: Buffer[] = [];
  let ended = false;
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    options.onData?.(socket, received());
  });
  socket.on('end', () => (ended = true));
  socket.on('error', () => (ended = true));
  socket.on('close', () => (ended = true));
  return {
    socket,
    received,
    hasEnded: () => ended,
    async until(text) {
      await eventually(`upstream receives ${JSON.stringify(text)}`, () => received().includes(text));
      return received();
    },
  };
}
