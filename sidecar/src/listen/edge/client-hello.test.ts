import { createServer } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../wire/testing/start-driver.ts';
import { readClientHello } from './client-hello.ts';

/** The first bytes that a real client sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const received = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      received.resolve(bytes);
      socket.destroy();
    });
  });
  const port = await listen(server);
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return received.promise;
}

let hello: Buffer;

/** The same handshake bytes, spread over records of `size`. */
function spread(record: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 5; at < record.length; at += size) {
    const piece = record.subarray(at, at + size);
    const header = Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 0xff]);
    parts.push(header, piece);
  }
  return Buffer.concat(parts);
}

beforeAll(async () => {
  const server = createServer();
  const port = await listen(server);
  const received = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        resolve(bytes);
        socket.destroy();
      });
    });
  });
  const client = connect({ port, host: '127.0.0.1', servername: 'WWW.Example.com', ALPNProtocols: ['h2'] });
  client.on('error', () => undefined);
  hello = await received;
  server.close();
});

test('reads the name that a client asks for, in lower case', () => {
  expect(readClientHello(hello)).toEqual({ kind: 'hello', serverName: 'www.example.com' });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a %s client may send no name', async (version) => {
  const bytes = await helloOf({ minVersion: version, maxVersion: version });
  expect(readClientHello(bytes)).toEqual({ kind: 'hello', serverName: undefined });
});

test('a message may be spread over records and packets', () => {
  for (const size of [1, 2, 7, 100]) {
    const records = spread(hello, size);
    expect(readClientHello(records)).toEqual({ kind: 'hello', serverName: 'www.example.com' });
  }
});

test('waits for more while it is not whole', () => {
  for (let length = 0; length < hello.length; length += 1) {
    expect(readClientHello(hello.subarray(0, length))).toEqual({ kind: 'more' });
  }
});

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['SSL 2', Buffer.from('802e0100020015000000100100800200', 'hex')],
  ['another version', Buffer.from('1602010005', 'hex')],
  ['an empty record', Buffer.from('1603010000', 'hex')],
  ['a ServerHello', Buffer.from('160301000402000000', 'hex')],
  ['a message without end', Buffer.from('160301000401ffffff', 'hex')],
  ['a message that ends within its fields', Buffer.from('16030100050100000103', 'hex')],
])('%s is no ClientHello', (_what, bytes) => {
  expect(readClientHello(bytes).kind).toBe('invalid');
});

test('a name that is none is refused', () => {
  const at = hello.indexOf('WWW.Example.com', 0, 'latin1');
  const bytes = Buffer.from(hello);
  bytes[at + 3] = 0;
  expect(readClientHello(bytes).kind).toBe('invalid');
});

test('no bytes are too strange, and more of them change nothing that was said', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (place, value, cut) => {
      const bytes = Buffer.from(hello);
      bytes[place % bytes.length] = value;
      const part = readClientHello(bytes.subarray(0, cut % (bytes.length + 1)));
      if (part.kind !== 'more') expect(readClientHello(bytes)).toEqual(part);
    }),
    { numRuns: 3_000 },
  );
});
