import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import type { Ending } from './end-on-signal.ts';
import { startNacos, type Nacos } from './nacos.ts';
import { ownAddress } from './own-address.ts';

/**
 * One application of a chain, as the demo of seed 001 is: it answers `B[10.1.2.3] -> C[10.1.2.4]`, its own part and what the next
 * one answered. Its versions are one image; that it is the gray one it sees by its pod's name, as the seed's tell by theirs.
 *
 * NAME: `B`. PORT. NEXT: URL of the next one, none for the last. NACOS: URL of a server where it registers as SERVICE, and where the
 * host of NEXT is looked up: the application chooses an instance and connects to it by itself. FORWARD: headers that it hands on, as a traced application does;
 * default `traceparent,x-request-id`. `/healthz` asks nobody else.
 */
export async function startChain(env: NodeJS.ProcessEnv): Promise<Ending> {
  const own = `${env['NAME'] ?? 'app'}${hostname().includes('-new-') ? 'gray' : ''}[${ownAddress()}]`;
  const forward = (env['FORWARD'] ?? 'traceparent,x-request-id').split(',').filter((name) => name !== '');
  const agent = new Agent({ keepAlive: true });
  const port = Number(env['PORT'] ?? 8080);
  const nacos = nacosOf(env, port);
  const answer = async (request: IncomingMessage): Promise<{ status: number; text: string }> => {
    const next = env['NEXT'];
    if (next === undefined || request.url === '/healthz') return { status: 200, text: own };
    const headers = Object.fromEntries(
      forward.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
    );
    const asked = get(await locate(next, nacos), { agent, headers });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    return {
      status: status === 200 ? 200 : 502,
      text: `${own} -> ${status === 200 ? '' : `${status}: `}${await text(response)}`,
    };
  };
  const server = createServer((request, response) => {
    request.resume();
    answer(request).then(
      (reply) => response.writeHead(reply.status).end(reply.text),
      (error: Error) => response.writeHead(502).end(`${own} -> ${error.message}`),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    async close(done) {
      await nacos?.close();
      server.close(done);
      server.closeIdleConnections();
    },
  };
}

function nacosOf(env: NodeJS.ProcessEnv, port: number): Nacos | undefined {
  const { NACOS: server, SERVICE: serviceName } = env;
  if (server === undefined || serviceName === undefined) return undefined;
  return startNacos(server, { serviceName, ip: ownAddress(), port });
}

async function locate(next: string, nacos: Nacos | undefined): Promise<string> {
  if (nacos === undefined) return next;
  const { hostname, pathname } = new URL(next);
  return `http://${await nacos.pick(hostname)}${pathname}`;
}
