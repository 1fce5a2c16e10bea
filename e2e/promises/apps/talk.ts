import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { startGrpcApp } from '../../harness/grpc-app.ts';
import type { Ending } from './end-on-signal.ts';
import { ownAddress } from './own-address.ts';

export const GRPC_PORT = 9090;
export const WEBSOCKET_PORT = 8080;

/** Answers each message, by gRPC and over WebSockets, with its name before it: `B[10.1.2.3]: hello`. */
export async function startTalk(env: NodeJS.ProcessEnv): Promise<Ending> {
  const own = `${env['NAME'] ?? 'talk'}[${ownAddress()}]`;
  const grpc = await startGrpcApp(own, { address: '0.0.0.0', port: GRPC_PORT });
  const server = new WebSocketServer({ port: WEBSOCKET_PORT });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => socket.send(`${own}: ${data.toString()}`));
  });
  return {
    close(done) {
      server.close();
      for (const client of server.clients) client.close(1001);
      grpc.tryShutdown(() => done?.());
    },
  };
}
