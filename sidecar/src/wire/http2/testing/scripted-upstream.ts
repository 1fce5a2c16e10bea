import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen } from '../../testing/start-driver.ts';
import { FRAMES, frame, readFrames, SETTINGS } from './raw-frames.ts';

export interface ScriptedUpstream {
  readonly target: { readonly address: string; readonly port: number };
  /** Connections so far. */
  readonly connections: () => number;
}

/** An upstream that does its handshake properly and then answers every HEADERS frame with whatever `onHeaders` writes. */
export async function scripted(
  onHeaders: (socket: Socket, stream: number, connection: number) => void,
): Promise<ScriptedUpstream> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(SETTINGS);
    readFrames(socket, { preface: true }, (received) => {
      if (received.type === FRAMES.settings && received.flags === 0)
        socket.write(frame(FRAMES.settings, 1, 0));
      if (received.type === FRAMES.headers) onHeaders(socket, received.stream, connection);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { target: { address: '127.0.0.1', port }, connections: () => sockets.length };
}
