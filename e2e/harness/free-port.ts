import { createServer } from 'node:net';
import { once } from 'node:events';

/** A port that is free now on loopback; for programs that cannot be told to take port 0. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('expected a TCP address');
  return bound.port;
}
