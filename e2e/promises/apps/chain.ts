import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { ownAddress } from './own-address.ts';

/**
 * One application of a chain, as the demo of seed 001 is: it answers `B[10.1.2.3] -> C[10.1.2.4]`, its own part and what the next
 * one answered. Its versions are one image; that it is the gray one it sees by its pod's name, as the seed's tell by theirs.
 *
 * NAME: `B`. PORT. NEXT: URL of the next one, none for the last. FORWARD: headers that it hands on, as a traced application does;
 * default `traceparent,x-request-id`. `/healthz` asks nobody else.
 */
export async function startChain(env: NodeJS.ProcessEnv): Promise<Server> {
  const own = `${env['NAME'] ?? 'app'}${hostname().includes('-new-') ? 'gray' : ''}[${ownAddress()}]`;
  const forward = (env['FORWARD'] ?? 'traceparent,x-request-id').split(',').filter((name) => name !== '');
  const agent = new Agent({ keepAlive: true });
  const answer = async (request: IncomingMessage): Promise<{ status: number; text: string }> => {
    const next = env['NEXT'];
    if (next === undefined || request.url === '/healthz') return { status: 200, text: own };
    const headers = Object.fromEntries(
      forward.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
    );
    const asked = get(next, { agent, headers });
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
  server.listen(Number(env['PORT'] ?? 8080));
  await once(server, 'listening');
  return server;
}
