import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { AdminDeps } from './admin-deps.ts';
import { problem, json, type AdminReply, type AdminRequest, type Route } from './endpoint.ts';
import { listRoutes } from './get-help.ts';
import { checkHost, checkOrigin, isLoopback } from './guard.ts';
import { closeServer, listenOn, type SmallServer } from '@lanekeeper/runtime/small-server';
import { send, wantsHtml } from './reply.ts';
import { adminRoutes } from './routes.ts';

/** For people and tools on this machine; `listen` rejects for an address that is not loopback. */
export function createAdminServer(deps: AdminDeps): SmallServer {
  const routes = adminRoutes(deps);
  let bound: SocketAddress = { address: '127.0.0.1', port: 0 };
  const server: Server = createServer((message, response) => {
    const { request, reply } = answer(message, routes, bound);
    if (reply.kind === 'json' && reply.status === 405) response.setHeader('allow', allowed(message, routes));
    send(request, reply, response);
  });
  return {
    async listen(at) {
      if (!isLoopback(at.address)) {
        throw new TypeError(`the admin port is for loopback only, not for ${at.address}: it has no password`);
      }
      bound = await listenOn(server, at);
      return bound;
    },
    close: () => closeServer(server),
  };
}

interface Answer {
  readonly request: AdminRequest;
  readonly reply: AdminReply;
}

function answer(message: IncomingMessage, routes: readonly Route[], bound: SocketAddress): Answer {
  const target = new URL(`http://admin${(message.url ?? '/').replace(/^\/*/, '/')}`);
  const request = { query: target.searchParams, headers: message.headers, wantsHtml: wantsHtml(message) };
  const foreign = checkHost(message.headers, bound);
  if (foreign !== undefined) return { request, reply: problem(403, foreign.code, foreign.message) };
  try {
    return { request, reply: dispatch(message, target.pathname, { routes, request }) };
  } catch (error) {
    // Looking must never end the process that carries the traffic.
    return {
      request,
      reply: problem(500, 'internal', error instanceof Error ? error.message : String(error)),
    };
  }
}

function dispatch(
  message: IncomingMessage,
  path: string,
  { routes, request }: { readonly routes: readonly Route[]; readonly request: AdminRequest },
): AdminReply {
  const here = routes.filter((route) => route.path === path);
  if (here.length === 0) {
    return json({ error: 'not-found', message: `there is no ${path}`, endpoints: listRoutes(routes) }, 404);
  }
  const method = message.method === 'HEAD' ? 'GET' : message.method;
  const route = here.find((one) => one.method === method);
  if (route === undefined) {
    return problem(405, 'wrong-method', `${path} takes ${here.map((one) => one.method).join(', ')}`);
  }
  const crossing = route.method === 'GET' ? undefined : checkOrigin(message.headers);
  if (crossing !== undefined) return problem(403, crossing.code, crossing.message);
  const reply = route.answer(request);
  // A HEAD has no body to wait for, and a stream has nothing else.
  const isEndless = message.method === 'HEAD' && reply.kind === 'stream';
  return isEndless ? problem(405, 'wrong-method', `${path} takes GET`) : reply;
}

function allowed(message: IncomingMessage, routes: readonly Route[]): string {
  const path = (message.url ?? '/').split('?')[0];
  return routes
    .filter((route) => route.path === path)
    .map((route) => route.method)
    .join(', ');
}
