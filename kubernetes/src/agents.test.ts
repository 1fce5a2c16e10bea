import { createServer, get, type Agent, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAgents, type Agents } from './agents.ts';
import { eventually } from './testing/eventually.ts';

let server: Server;
let url: URL;
let connections: number;
let agents: Agents;

beforeEach(async () => {
  connections = 0;
  server = createServer((_, response) => response.end('x'));
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('close', () => (connections -= 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(() => {
  agents.close();
  server.close();
});

async function ask(agent: Agent): Promise<void> {
  const request = get(url, { agent });
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
}

it('uses one connection for requests that follow each other, until the credentials change', async () => {
  agents = createAgents(url);
  const agent = agents.agentFor({ headers: {}, tls: { ca: 'a' } });
  expect(agents.agentFor({ headers: { authorization: 'other' }, tls: { ca: 'a' } })).toBe(agent);
  await ask(agent);
  await eventually('the connection is idle', () => Object.keys(agent.freeSockets).length === 1);
  await ask(agent);
  expect(connections).toBe(1);
  expect(agents.agentFor({ headers: {}, tls: { ca: 'b' } })).not.toBe(agent);
  await eventually('the old connection is closed', () => connections === 0);
});

it('closes a connection that was idle for long, before the server does', async () => {
  agents = createAgents(url, 50);
  await ask(agents.agentFor({ headers: {}, tls: {} }));
  expect(connections).toBe(1);
  await eventually('it is closed', () => connections === 0);
});
