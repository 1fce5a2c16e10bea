import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/**
 * What stands before the mesh: an Ingress by host name that knows nothing of Lanekeeper. ROUTES is JSON, host name to `host:port`.
 * A request keeps its Host and its headers.
 */
export async function startEdge(env: NodeJS.ProcessEnv): Promise<Server> {
  const routes = JSON.parse(env['ROUTES'] ?? '{}') as Readonly<Record<string, string>>;
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    const target = routes[(request.headers.host ?? '').replace(/:\d+$/, '')];
    if (target === undefined) response.writeHead(404).end('no route for this host');
    else forward(request, response, { target, agent });
  });
  server.listen(Number(env['PORT'] ?? 8080));
  await once(server, 'listening');
  return server;
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { target, agent }: { readonly target: string; readonly agent: Agent },
): void {
  const { method, url, headers } = request;
  const onward = httpRequest(`http://${target}${url}`, { method, headers, agent, setHost: false });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on('error', (error: Error) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(`edge: ${error.message}`);
  });
  request.pipe(onward);
}
