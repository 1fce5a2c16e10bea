import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';

const GIB = 1024 ** 3;
const MAX_GROWTH_MB = 40;

let origin: Server;
let sidecar: SidecarProcess;

beforeAll(async () => {
  origin = createServer((incoming, response) => {
    if (incoming.method === 'POST') {
      void drain(incoming).then((bytes) => response.end(String(bytes)));
      return;
    }
    if (incoming.url === '/sized') response.setHeader('content-length', GIB);
    void pipeline(Readable.from(chunks(GIB), { objectMode: false }), response);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  sidecar = await startSidecar({
    mesh: { services: [{ name: 'origin', port: 80, endpoints: [{ address: '127.0.0.1', port }] }] },
  });
  await send('POST', '/', 1024);
});

afterAll(async () => {
  await sidecar.stop();
  origin.close();
});

describe('memory of the sidecar process does not grow with the size of a body', () => {
  it.each([
    ['1 GiB uploaded in chunks', 'POST', '/', GIB],
    ['1 GiB downloaded by content-length', 'GET', '/sized', 0],
    ['1 GiB downloaded in chunks', 'GET', '/', 0],
  ] as const)(
    '%s takes less than 40 MB at its peak',
    async (_, method, path, upload) => {
      const before = readMemory('VmRSS');
      const bytes = await send(method, path, upload);
      expect(bytes).toBe(GIB);
      expect(readMemory('VmHWM') - before).toBeLessThan(MAX_GROWTH_MB);
    },
    60_000,
  );
});

/** Answers how many bytes arrived at the other side. */
async function send(method: 'GET' | 'POST', path: string, upload: number): Promise<number> {
  const [host, port] = sidecar.outbound.split(':');
  const outgoing = request({ host, port, method, path, headers: { host: 'origin' } });
  const answered = once(outgoing, 'response');
  await pipeline(Readable.from(chunks(upload), { objectMode: false }), outgoing);
  const [response] = (await answered) as [Readable];
  if (method === 'GET') return drain(response);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return Number(text);
}

function* chunks(total: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < total; sent += chunk.length) yield chunk.subarray(0, total - sent);
}

async function drain(from: Readable): Promise<number> {
  let bytes = 0;
  const count = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  await pipeline(from, count);
  return bytes;
}

/** MB, as the kernel counts it. */
function readMemory(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${sidecar.pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}
