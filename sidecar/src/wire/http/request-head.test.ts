import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Connection } from '../../listen/connection.ts';
import type { RequestHead } from '../head.ts';
import { readRequestHead } from './request-head.ts';

const NOBODY = { address: '127.0.0.1', port: 0 };
const CONNECTION: Connection = { direction: 'inbound', peer: NOBODY, local: NOBODY, destination: undefined };

/** The head of a request with `headers` as a real server has it. */
async function headOf(headers: Readonly<Record<string, string | readonly string[]>>): Promise<RequestHead> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = send({ port, host: '127.0.0.1', headers: { host: 'a', ...headers }, agent: false });
  asked.on('error', () => undefined).end();
  const [message] = (await once(server, 'request')) as [IncomingMessage];
  const { head } = readRequestHead(message, CONNECTION);
  server.closeAllConnections();
  server.close();
  return head;
}

it('finds fields by any name that a rule may ask for, and nothing where the request has none', async () => {
  const { headers } = await headOf({ _env: 'grey', 'x-a': ['1', '2'] });
  expect(['_env', 'x-a', 'host'].map((name) => headers.get(name))).toEqual(['grey', '1, 2', 'a']);
  const strange = ['constructor', '__proto__', 'toString', 'hasOwnProperty', ''];
  expect(strange.map((name) => headers.get(name))).toEqual(strange.map(() => undefined));
});

it('finds a field that is called like a property of every object', async () => {
  const { headers } = await headOf({ constructor: 'x' });
  expect(headers.get('constructor')).toBe('x');
});
