import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { addressIdentity } from './address-identity.ts';
import { makePair } from './testing/self-signed.ts';

/** What becomes of a connection to a server whose certificate is for 127.0.0.1, when it is taken for the one at `host`. */
async function connectAs(host: string): Promise<string> {
  const { cert, key } = makePair('server');
  const server = createServer({ cert, key }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { serverName, check } = addressIdentity(host) ?? {};
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: cert,
    servername: serverName,
    checkServerIdentity: check,
  });
  const [error] = await Promise.race([once(socket, 'secureConnect'), once(socket, 'error')]).catch((e) => [
    e,
  ]);
  socket.destroy();
  return error instanceof Error ? 'refused' : 'connected';
}

test('takes a server for the one at the address that its certificate is for, and for no other', async () => {
  expect(await connectAs('127.0.0.1')).toBe('connected');
  expect(await connectAs('127.0.0.2')).toBe('refused');
});

test('leaves host names to themselves', () => {
  expect(addressIdentity('nacos.example.com')).toBeUndefined();
  expect(addressIdentity('::1')).toBeDefined();
});
