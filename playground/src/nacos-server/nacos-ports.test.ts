import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { chooseNacosPort, isFree } from './nacos-ports.ts';

let server: Server | undefined;

afterEach(() => server?.close());

test.each([0, 1_000, 1_001, -1_000])('takes no port whose neighbour at %i is taken', async (offset) => {
  const port = await chooseNacosPort();
  expect(await isFree(port)).toBe(true);
  server = createServer().listen(port + offset, '127.0.0.1');
  await once(server, 'listening');
  expect(await isFree(port)).toBe(false);
});
