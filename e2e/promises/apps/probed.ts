import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { Ending } from './end-on-signal.ts';
import { startHealth } from './health.ts';

/**
 * An application that is probed by HTTP (8080), TCP (8081) and gRPC (8082), and that can be told to fail at each: `POST
 * /fail/tcp` and `/heal/tcp` on loopback, port 9000. A failing TCP server does not listen.
 */
export async function startProbed(env: NodeJS.ProcessEnv): Promise<Ending> {
  const failing = new Set((env['FAILING'] ?? '').split(','));
  const tcp = tcpDoor(8081);
  if (!failing.has('tcp')) await tcp.open();
  const web = createServer((_, response) => response.writeHead(failing.has('http') ? 500 : 200).end());
  web.listen(8080);
  await startHealth(8082, () => !failing.has('grpc'));
  const change = async (verb: string, kind: string): Promise<void> => {
    if (verb === 'fail') failing.add(kind);
    else failing.delete(kind);
    if (kind === 'tcp') await (verb === 'fail' ? tcp.close() : tcp.open());
  };
  const control = createServer((request: IncomingMessage, response: ServerResponse) => {
    const [, verb = '', kind = ''] = (request.url ?? '').split('/');
    void change(verb, kind).then(() => response.end('done'));
  });
  control.listen(9000, '127.0.0.1');
  await Promise.all([once(web, 'listening'), once(control, 'listening')]);
  return {
    close(done) {
      process.exitCode = 0;
      done?.();
    },
  };
}

interface Door {
  open(): Promise<void>;
  close(): Promise<void>;
}

function tcpDoor(port: number): Door {
  let server: TcpServer | undefined;
  return {
    async open() {
      server = createTcpServer((socket) => socket.end());
      server.listen(port);
      await once(server, 'listening');
    },
    async close() {
      if (server === undefined) return;
      server.close();
      await once(server, 'close');
    },
  };
}
