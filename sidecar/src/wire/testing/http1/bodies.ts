import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream } from '../raw-upstream.ts';
import { listen, startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What forwarding promises of bodies, trailers and interim responses, for any HTTP/1 driver. */
export function bodiesPromises(create: CreateDriver): void {
  test.each(['POST', 'DELETE', 'OPTIONS', 'GET'])(
    'a chunked %s keeps its body, its trailers and its place',
    async (method) => {
      const upstream = await rawUpstream({
        onData: (socket, received) => received.endsWith('\r\n\r\n') && socket.write(OK),
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(
        `${method} /1 HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\nTE: trailers\r\n\r\n`,
      );
      const connection = await upstream.connection();
      client.write('5;ext=1\r\nhello\r\n0\r\nX-Sum: 7\r\nHost: evil\r\nx-sum: 8\r\n\r\n');
      await client.until('ok');
      const received = connection.received();
      expect(received).toMatch(new RegExp(`^${method} /1 HTTP/1.1\r\nHost: b\r\n`));
      expect(received).toMatch(/\r\nTrailer: X-Sum, Host\r\n/);
      expect(received).toMatch(/\r\nTE: trailers\r\nConnection: TE\r\n/);
      expect(received).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\n$/);
      expect(received).not.toContain('evil');
    },
  );

  test('a head is sent before its body comes, and each piece as it comes', async () => {
    const upstream = await rawUpstream();
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nX-A: \xe9\r\nContent-Length: 6\r\n\r\n');
    const connection = await upstream.connection();
    expect(await connection.until('Content-Length: 6\r\n\r\n')).toContain('\r\nX-A: \xe9\r\n');
    client.write('abc');
    await connection.until('abc');
    client.write('def');
    await connection.until('abcdef');
    connection.socket.write(OK);
    await client.until('ok');
  });

  test('response trailers arrive, repeated ones too; those that would change the message do not', async () => {
    const upstream = await rawUpstream({
      onData: (socket) =>
        void socket.write(
          'HTTP/1.1 200 OK\r\nTrailer: grpc-status\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n' +
            '0\r\nGrpc-Status: 0\r\nX-A: 1\r\nSet-Cookie: a=b\r\nX-A: 2\r\n\r\n',
        ),
    });
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\nTE: trailers\r\n\r\n');
    expect(await client.until('X-A: 2')).toBe(
      'HTTP/1.1 200 OK\r\nTrailer: grpc-status\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n' +
        '0\r\nGrpc-Status: 0\r\nX-A: 1\r\nX-A: 2\r\n\r\n',
    );
  });

  test('10 MiB both ways arrive unchanged, by fetch', async () => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'x-length': request.headers['content-length'] ?? 'none' });
      request.pipe(response);
    });
    onTestFinished(() => void server.close());
    const { port } = await startDriver(create, {
      targets: [{ address: '127.0.0.1', port: await listen(server) }],
    });
    const body = Buffer.alloc(10 << 20, 'lanekeeper ');
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(response.headers.get('x-length')).toBe(String(body.length));
    expect(sha(Buffer.from(await response.arrayBuffer()))).toBe(sha(body));
  });

  describe('100-continue', () => {
    test('goes end to end: no body is read before the upstream asks for it', async () => {
      const upstream = await rawUpstream();
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('POST / HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
      const connection = await upstream.connection();
      expect(await connection.until('\r\n\r\n')).toMatch(/\r\nExpect: 100-continue\r\n/);
      expect(client.received()).toBe('');
      connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      expect(await client.until('100')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      client.write('hello');
      await connection.until('hello');
      connection.socket.write(OK);
      await client.until('ok');
      client.write('GET /next HTTP/1.1\r\nHost: b\r\n\r\n');
      await connection.until('GET /next');
    });

    test('a final answer instead of it reaches the client, and the connection closes', async () => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'),
      });
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('POST / HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
      const { text } = await client.closed();
      expect(text).toBe('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toEqual([{ status: 417 }]);
    });
  });

  test('interim responses are passed on, fields included, but not to HTTP/1.0', async () => {
    const upstream = await rawUpstream({
      onData: (socket) =>
        void socket.write(
          `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
        ),
    });
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    expect(await client.until('ok')).toBe(
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
    );
    const old = rawClient(port);
    old.write('GET / HTTP/1.0\r\n\r\n');
    expect(await old.until('ok')).not.toContain('103');
  });

  test('a response that comes early is passed on at once; the rest of the request is swallowed and the connection closed', async () => {
    const upstream = await rawUpstream({
      onData: (socket, received) =>
        !received.includes('late') && socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'),
    });
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10000000\r\n\r\nstart');
    expect(await client.until('big')).toBe(
      'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig',
    );
    client.write('late'.repeat(100_000));
    const { wasReset } = await client.closed();
    expect(wasReset).toBe(false);
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: 413 }]);
    await eventually('the upstream connection ends', () => upstream.connections[0]?.hasEnded());
  });

  test('both directions flow at the same time', async () => {
    const upstream = await rawUpstream();
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    const connection = await upstream.connection();
    await connection.until('1\r\na\r\n');
    connection.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n');
    await client.until('1\r\nA\r\n');
    client.write('1\r\nb\r\n');
    await connection.until('1\r\nb\r\n');
    connection.socket.write('1\r\nB\r\n');
    await client.until('1\r\nB\r\n');
    client.write('0\r\n\r\n');
    await connection.until('0\r\n\r\n');
    connection.socket.write('0\r\n\r\n');
    await client.until('0\r\n\r\n');
  });

  test('a body that breaks off never reaches the upstream as a whole one', async () => {
    const upstream = await rawUpstream();
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    const connection = await upstream.connection();
    await connection.until('hello');
    client.end();
    await eventually('the upstream connection ends', () => connection.hasEnded());
    expect(connection.received()).toMatch(/hello\r\n$/);
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toHaveLength(1);
  });
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
