import { fork } from 'node:child_process';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../start-driver.ts';

const GIB = 1 << 30;
const CHUNK = Buffer.alloc(256 << 10, 'lanekeeper');

/**
 * Memory that does not grow with bodies. `program` is a module that runs the driver as a process of its own: it takes the target's
 * port as its argument, sends its own port, and answers every message with its resident set in bytes.
 */
export function memoryPromises(program: URL): void {
  test('1 GiB up and 1 GiB down take at most 40 MB more than 128 MiB do', { timeout: 90_000 }, async () => {
    const target = await startStore();
    const child = fork(fileURLToPath(program), [String(target)]);
    onTestFinished(() => void child.kill());
    const ask = (): Promise<number> =>
      new Promise((resolve) => {
        child.once('message', (value) => resolve(Number(value)));
        child.send('');
      });
    const port = await new Promise<number>((resolve) =>
      child.once('message', (value) => resolve(Number(value))),
    );
    const idle = await ask();
    const peakOf = async (length: number): Promise<number> => {
      let peak = await ask();
      const sampling = setInterval(() => void ask().then((value) => (peak = Math.max(peak, value))), 50);
      expect(await upload(port, length)).toBe(String(length));
      expect(await download(port, length)).toBe(length);
      clearInterval(sampling);
      return Math.max(peak, await ask());
    };
    // Code, buffers in flight and garbage that is not yet collected are there whatever the size.
    const small = await peakOf(128 << 20);
    const large = await peakOf(GIB);
    process.stdout.write(`resident set in MB: idle ${mb(idle)}, 128 MiB ${mb(small)}, 1 GiB ${mb(large)}\n`);
    expect(large - small).toBeLessThan(40 << 20);
  });
}

function mb(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(1);
}

/** Takes any body and tells its length; gives a body of the length that the path says. */
async function startStore(): Promise<number> {
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      feed(Number(request.url?.slice(1)), response);
      return;
    }
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => response.end(String(length)));
  });
  onTestFinished(() => void server.close());
  return listen(server);
}

/** Writes `length` bytes as fast as they are taken. */
function feed(
  length: number,
  to: { write(chunk: Buffer): boolean; once(event: 'drain', next: () => void): unknown; end(): unknown },
): void {
  let left = length;
  const more = (): void => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!to.write(chunk)) {
        to.once('drain', more);
        return;
      }
    }
    to.end();
  };
  more();
}

async function upload(port: number, length: number): Promise<string> {
  const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: { host: 'b' } });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  );
  feed(length, request);
  let text = '';
  for await (const chunk of await answered) text += String(chunk);
  return text;
}

function download(port: number, length: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', path: `/${length}`, headers: { host: 'b' } },
      (response) => {
        let received = 0;
        response.on('data', (chunk: Buffer) => (received += chunk.length));
        response.on('end', () => resolve(received)).on('error', reject);
      },
    );
    request.on('error', reject).end();
  });
}
