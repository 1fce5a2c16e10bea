import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const RELAY = fileURLToPath(new URL('testdata/relay.ts', import.meta.url));
const MEGABYTE = 1024 * 1024;

it('takes no more memory for a long transfer than for a short one, both ways at once', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = spawn(process.execPath, [RELAY, String((server.address() as AddressInfo).port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // From the start: the exit may be told before the last output.
  const exited = once(relay, 'exit');
  const [port] = (await once(relay.stdout, 'data')) as [Buffer];
  const growth = once(relay.stdout, 'data') as Promise<[Buffer]>;

  const client = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
  let received = 0;
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  const chunk = Buffer.alloc(MEGABYTE);
  for (let sent = 0; sent < 512; sent += 1) if (!client.write(chunk)) await once(client, 'drain');
  client.end();
  await once(client, 'end');

  expect(received).toBe(512 * MEGABYTE);
  expect(Number((await growth)[0]) / MEGABYTE).toBeLessThan(40);
  await exited;
  server.close();
}, 60_000);
