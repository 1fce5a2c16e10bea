import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { choosePorts } from './ports.ts';

const servers = new Set<ReturnType<typeof createServer>>();

afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

async function occupy(address: string, port: number): Promise<number> {
  const server = createServer();
  servers.add(server);
  server.listen(port, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('leaves out a number that is taken at a single one of the addresses', async () => {
  const before = await choosePorts();
  await occupy('127.0.3.2', before.inbound);
  const after = await choosePorts();
  expect(after.inbound).toBeGreaterThan(before.inbound);
  expect(new Set(Object.values({ ...after, gateway: 0, app: 0 })).size).toBe(5);
});
