import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { chooseFreePort } from '@lanekeeper/playground/ports';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';

/** Stands before the HTTP port of a Nacos server and notes when somebody logs in. */
export interface LoginCounter {
  readonly address: string;
  readonly httpPort: number;
  /** What a client has to add to this port for the server's gRPC. */
  readonly grpcPortOffset: number;
  /** performance.now() of each attempt. */
  readonly logins: readonly number[];
  close(): void;
}

/** Lower than any port of the server, so that the offset to its gRPC is one. */
const LOWEST = 11_000;

export async function startLoginCounter(nacos: NacosServer): Promise<LoginCounter> {
  const logins: number[] = [];
  const server = createServer((incoming, answer) => {
    const { method, url = '', headers } = incoming;
    if (url.includes('/auth/login') || url.includes('/auth/users/login')) logins.push(performance.now());
    const options = { host: nacos.address, port: nacos.httpPort, method, path: url, headers };
    const call = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    call.on('error', () => answer.destroy());
    incoming.pipe(call);
  });
  const httpPort = await chooseFreePort(nacos.address, LOWEST, new Set());
  server.listen(httpPort, nacos.address);
  await once(server, 'listening');
  return {
    address: nacos.address,
    httpPort,
    grpcPortOffset: nacos.grpcPort - httpPort,
    logins,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
