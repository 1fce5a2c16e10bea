import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ApiServer } from './api-server.ts';
import { parseApiPath } from './api-path.ts';

/** Where a port of a pod really listens; a text says why it cannot be reached. */
export type FindPort = (pod: {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}) => { readonly address: string; readonly port: number } | string | undefined;

/** Frames begin with the number of their stream: of each port the data, and what went wrong. */
const [DATA, PROBLEM] = [0, 1];

/**
 * `pods/portforward` as kubelets serve it to WebSockets (`v4.channel.k8s.io`): the first frame of each stream names the port.
 * A pod that `find` does not know is answered with 404. Returns what ends all connections.
 */
export function servePodPorts(server: ApiServer, find: FindPort): () => void {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v4.channel.k8s.io' });
  server.upgrade = (request, socket, head) => {
    const found = find(podOf(request));
    if (found === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const { port } = podOf(request);
    sockets.handleUpgrade(request, socket, head, (client) => {
      const sendTo = (stream: number, bytes: Buffer): void =>
        client.send(Buffer.concat([Buffer.of(stream), bytes]));
      for (const stream of [DATA, PROBLEM]) sendTo(stream, Buffer.of(port & 255, port >> 8));
      if (typeof found === 'string') sendTo(PROBLEM, Buffer.from(found));
      else join(client, connect(found.port, found.address), sendTo);
    });
  };
  return () => {
    for (const client of sockets.clients) client.terminate();
  };
}

function join(
  client: WebSocket,
  pod: ReturnType<typeof connect>,
  sendTo: (stream: number, bytes: Buffer) => void,
): void {
  pod.on('data', (bytes: Buffer) => sendTo(DATA, bytes));
  pod.on('error', (error) => sendTo(PROBLEM, Buffer.from(error.message)));
  pod.on('close', () => client.close());
  client.on('message', (frame: Buffer) => void pod.write(frame.subarray(1)));
  client.on('close', () => pod.destroy());
}

function podOf({ url = '/' }: IncomingMessage): Parameters<FindPort>[0] {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const { namespace = '', name = '' } = parseApiPath(pathname) ?? {};
  return { namespace, name, port: Number(searchParams.get('ports')) };
}
