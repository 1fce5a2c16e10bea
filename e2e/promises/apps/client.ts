import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { CONTROL_PORT } from './ask-client.ts';
import type { Action, Actions } from './actions.ts';
import { ask } from './ask.ts';
import { converseByGrpc, converseByWebSocket } from './conversations.ts';
import { discover } from './discover.ts';
import { createLoads } from './load.ts';

type Doers = { readonly [Name in Action]: (order: Actions[Name]['ask']) => Promise<Actions[Name]['answer']> };

/** A pod from which a test sends its requests. It is told what to do on loopback, which is not intercepted. */
export async function startClient(): Promise<Server> {
  const loads = createLoads();
  const doers: Doers = {
    ask: (order) => ask(order),
    start: (order) => Promise.resolve(loads.start(order)),
    report: ({ name }) => Promise.resolve(loads.report(name)),
    stop: ({ name }) => loads.stop(name),
    websocket: converseByWebSocket,
    grpc: converseByGrpc,
    discover,
  };
  const server = createServer((request, response) => {
    perform(request, doers).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: Error) => response.writeHead(500).end(error.stack),
    );
  });
  server.listen(CONTROL_PORT, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function perform(request: IncomingMessage, doers: Doers): Promise<unknown> {
  const { action, order } = JSON.parse(await text(request)) as { action: Action; order: never };
  return doers[action](order);
}
