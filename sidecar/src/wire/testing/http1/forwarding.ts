import { createServer, request as httpRequest, Agent } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ProxyError } from '../../../proxy-error.ts';
import { eventually } from '../eventually.ts';
import { exchangeRaw, rawClient } from '../raw-client.ts';
import { rawUpstream, replying } from '../raw-upstream.ts';
import { listen, startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What forwarding promises of heads and connections, for any HTTP/1 driver. */
export function forwardingPromises(create: CreateDriver): void {
  test('every request that was pipelined before the client ended its side is answered', async () => {
    const upstream = await rawUpstream(replying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n'.repeat(3));
    client.end();
    const { text } = await client.closed();
    expect(text.match(/200 OK/g)).toHaveLength(3);
    expect(handler.exchanges).toHaveLength(3);
  });

  describe('requests', () => {
    test.each(['/', '//x', '/a?', '/a/../b', '/%2e%2e/%2F', '/a?b=c?d&e=%20', '/;p=1//', '/a\\b|c"{}', '*'])(
      'sends the target %j byte for byte',
      async (target) => {
        const upstream = await rawUpstream(replying(OK));
        const { port } = await startDriver(create, { targets: [upstream.target] });
        const method = target === '*' ? 'OPTIONS' : 'GET';
        const client = rawClient(port);
        client.write(`${method} ${target} HTTP/1.1\r\nHost: b.test\r\n\r\n`);
        await client.until('ok');
        expect(upstream.connections[0]?.received()).toBe(
          `${method} ${target} HTTP/1.1\r\nHost: b.test\r\n\r\n`,
        );
      },
    );

    test('keeps the case, the order and the repetition of fields', async () => {
      const upstream = await rawUpstream(replying(OK));
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nhOsT: b\r\nX-B: 1\r\nAccept: a\r\nx-b: 2\r\nX-Empty:\r\n');
      client.write('Cookie: a=1\r\n__proto__: p\r\nconstructor: c\r\n\r\n');
      await client.until('ok');
      const received = upstream.connections[0]?.received();
      expect(received).toMatch(/\r\nhOsT: b\r\n/);
      expect(received).toMatch(/\r\nX-B: 1\r\n(.*\r\n)*X-B: 2\r\n/i);
      for (const line of ['Accept: a', 'Cookie: a=1', '__proto__: p', 'constructor: c']) {
        expect(received).toContain(`\r\n${line}\r\n`);
      }
      expect(received).toMatch(/\r\nX-Empty: ?\r\n/);
      expect(received).not.toMatch(/via|forwarded|keep-alive/i);
    });

    test('drops what belongs to the connection, and what it names, but never the host or the length', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => received.endsWith('hello') && socket.write(OK),
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(
        'POST / HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, X-Drop, host, content-length\r\nX-Drop: 1\r\n',
      );
      client.write(
        'Keep-Alive: timeout=9\r\nProxy-Connection: x\r\nUpgrade: foo\r\nX-Stay: 1\r\nContent-Length: 5\r\n\r\nhello',
      );
      await client.until('ok');
      expect(upstream.connections[0]?.received()).toBe(
        'POST / HTTP/1.1\r\nHost: b\r\nX-Stay: 1\r\nContent-Length: 5\r\n\r\nhello',
      );
    });

    test('applies header edits: all fields of the name go, one comes', async () => {
      const upstream = await rawUpstream(replying(OK));
      const { port } = await startDriver(create, {
        targets: [upstream.target],
        requestEdits: [
          { name: 'baggage', value: 'lane=gray' },
          { name: 'x-gone', value: null },
        ],
      });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\nBaggage: a=1\r\nX-Gone: 1\r\nbaggage: b=2\r\n\r\n');
      await client.until('ok');
      expect(upstream.connections[0]?.received()).toBe(
        'GET / HTTP/1.1\r\nHost: b\r\nbaggage: lane=gray\r\n\r\n',
      );
    });

    test('adds a field beside those that are there where the edit says so', async () => {
      const upstream = await rawUpstream(
        replying('HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok'),
      );
      const { port } = await startDriver(create, {
        targets: [upstream.target],
        requestEdits: [
          { name: 'x-more', value: '2', append: true },
          { name: 'x-new', value: 'n', append: true },
        ],
        responseEdits: [{ name: 'set-cookie', value: 'b=2', append: true }],
      });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\nX-More: 1\r\n\r\n');
      const received = await client.until('ok');
      expect(upstream.connections[0]?.received()).toBe(
        'GET / HTTP/1.1\r\nHost: b\r\nX-More: 1\r\nX-More: 2\r\nx-new: n\r\n\r\n',
      );
      expect(received).toMatch(/Set-Cookie: a=1\r\n[^]*set-cookie: b=2\r\n/i);
    });

    test('reads the head once: authority in lower case, path as received, repeated fields joined', async () => {
      const upstream = await rawUpstream(replying(OK));
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET http://B.test:80/x?y HTTP/1.1\r\nHost: b.TEST\r\nX-A: 1\r\nx-a: 2\r\n\r\n');
      await client.until('ok');
      const head = handler.exchanges[0]?.head;
      expect(head).toMatchObject({
        protocol: 'http/1.1',
        method: 'GET',
        authority: 'b.test:80',
        path: '/x?y',
      });
      expect(head?.headers.get('x-a')).toBe('1, 2');
      expect(head?.headers.get('x-b')).toBeUndefined();
      expect(upstream.connections[0]?.received()).toMatch(/^GET \/x\?y HTTP\/1.1\r\nHost: b.TEST\r\n/);
    });

    test('leaves an absolute-form target alone when the connection was on its way to somewhere', async () => {
      const upstream = await rawUpstream(replying(OK));
      const { port } = await startDriver(create, {
        targets: [upstream.target],
        connection: { destination: upstream.target },
      });
      const client = rawClient(port);
      client.write('GET http://b/x HTTP/1.1\r\nHost: b\r\n\r\n');
      await client.until('ok');
      expect(upstream.connections[0]?.received()).toMatch(/^GET http:\/\/b\/x HTTP\/1.1\r\n/);
    });

    test('answers pipelined requests in order and sends them one after the other', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => {
          const path = /.*GET (\S+) HTTP\/1.1\r\n[^]*?\r\n\r\n$/.exec(
            received.slice(received.lastIndexOf('GET ')),
          )?.[1];
          if (path !== undefined)
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
        },
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
      client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`).join(''));
      const text = await client.until('/99');
      expect([...text.matchAll(/\r\n\r\n(\/\d+)/g)].map((match) => match[1])).toEqual(paths);
      expect(upstream.connections).toHaveLength(1);
    });

    test('does not begin a pipelined request before the one ahead is answered', async () => {
      const upstream = await rawUpstream();
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
      const connection = await upstream.connection();
      await connection.until('/1');
      expect(handler.exchanges).toHaveLength(1);
      connection.socket.write(OK);
      await connection.until('/2');
      connection.socket.write(OK);
      await eventually('two ends', () => handler.exchanges[1]?.ends.length === 1);
    });

    test.each([1, 16, 1_000])(
      'takes over a connection whose first %d bytes were read and pushed back',
      async (size) => {
        const upstream = await rawUpstream(replying(OK));
        const { driver, handler } = await startDriver(create, { targets: [upstream.target] });
        const listener = createTcpServer({ allowHalfOpen: true }, (socket) => {
          socket.once('readable', () => {
            const bytes: unknown = socket.read(size) ?? socket.read();
            socket.unshift(bytes);
            const { address, port } = upstream.target;
            const here = { address, port };
            driver.accept(socket, { direction: 'inbound', peer: here, local: here, destination: undefined });
          });
        });
        onTestFinished(() => void listener.close());
        const client = rawClient(await listen(listener));
        client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\n');
        await client.until('ok');
        client.write('GET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
        await eventually('the second response', () => client.received() === OK + OK);
        expect(handler.exchanges.map((exchange) => exchange.head.path)).toEqual(['/1', '/2']);
      },
    );

    test('reuses connections on both sides', async () => {
      let accepted = 0;
      const server = createServer((_, response) => response.end('ok')).on(
        'connection',
        () => (accepted += 1),
      );
      onTestFinished(() => void server.close());
      const target = { address: '127.0.0.1', port: await listen(server) };
      const { port, handler } = await startDriver(create, { targets: [target] });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      for (let index = 0; index < 5; index += 1) expect(await get(port, agent)).toBe('ok');
      expect(accepted).toBe(1);
      expect(new Set(handler.exchanges.map((exchange) => exchange.connection)).size).toBe(1);
    });

    test('closes when the client asks for it', async () => {
      const upstream = await rawUpstream(replying(OK));
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const { text } = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
      expect(text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
      expect(upstream.connections[0]?.received()).not.toContain('close');
    });

    test('answers a client that has ended its side', async () => {
      const upstream = await rawUpstream();
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.socket.end('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      const connection = await upstream.connection();
      await connection.until('\r\n\r\n');
      connection.socket.write(OK);
      expect((await client.closed()).text).toMatch(/\r\n\r\nok$/);
    });
  });

  describe('responses', () => {
    test('keep status, reason, case, order and repetition; the connection fields stay behind', async () => {
      const reply =
        'HTTP/1.1 299 Very  Odd\r\nSet-Cookie: a=1\r\nX-One: \xe9\r\nset-cookie: b=2\r\nConnection: keep-alive, X-Hop\r\n' +
        'X-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\nSET-COOKIE: c=3\r\n\r\nok';
      const upstream = await rawUpstream(replying(reply));
      const { port } = await startDriver(create, {
        targets: [upstream.target],
        responseEdits: [{ name: 'x-lanekeeper-decision', value: 'gray' }],
      });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      expect(await client.until('ok')).toBe(
        'HTTP/1.1 299 Very  Odd\r\nSet-Cookie: a=1\r\nX-One: \xe9\r\nset-cookie: b=2\r\nContent-Length: 2\r\nSET-COOKIE: c=3\r\n' +
          'x-lanekeeper-decision: gray\r\n\r\nok',
      );
    });

    test.each([
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
      ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['GET', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "x"\r\n\r\n'],
    ])('to %s without a body keep the connection in step: %j', async (method, reply) => {
      const upstream = await rawUpstream(replying(reply));
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      const request = `${method} / HTTP/1.1\r\nHost: b\r\n\r\n`;
      client.write(request + request);
      await eventually('both responses', () => client.received().length >= 2 * reply.length);
      expect(client.received()).toBe(reply + reply);
      expect(upstream.connections).toHaveLength(1);
    });

    test('to HTTP/1.0 clients are not chunked and end with the connection', async () => {
      const upstream = await rawUpstream(
        replying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n'),
      );
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const { text, wasReset } = await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n');
      expect(text).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok');
      expect(wasReset).toBe(false);
      expect(handler.exchanges[0]?.head).toMatchObject({ protocol: 'http/1.0', authority: '' });
    });

    test('that end with the connection are passed on as chunks', async () => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'),
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      expect(await client.until('0\r\n\r\n')).toBe(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nto the end\r\n0\r\n\r\n',
      );
    });

    test('are passed on as they come, head first', async () => {
      const upstream = await rawUpstream();
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      const { socket } = await upstream.connection();
      socket.write('HTTP/1.1 200 OK\r\nX-A: \xe9\r\nContent-Length: 6\r\n\r\n', 'latin1');
      expect(await client.until('\r\n\r\n')).toContain('\r\nX-A: \xe9\r\n');
      expect(handler.exchanges[0]?.responded).toEqual([200]);
      expect(handler.exchanges[0]?.ends).toEqual([]);
      socket.write('abc');
      await client.until('abc');
      socket.write('def');
      await client.until('abcdef');
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toEqual([{ status: 200 }]);
    });
  });

  test('refusals are answered here, and the upstream hears nothing', async () => {
    const upstream = await rawUpstream(replying(OK));
    const { port, handler } = await startDriver(create, {
      targets: [upstream.target],
      refusal: (head) =>
        head.path === '/no' ? new ProxyError('no-endpoint', 'Nobody is there.') : undefined,
    });
    const client = rawClient(port);
    client.write(
      'POST /no HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabcGET /yes HTTP/1.1\r\nHost: b\r\n\r\n',
    );
    expect(await client.until('Nobody is there.\n')).toMatch(
      /^HTTP\/1.1 503 Service Unavailable\r\n[^]*\r\n\r\nno-endpoint: Nobody is there.\n/,
    );
    expect(upstream.connections.map((connection) => connection.received()).join()).not.toContain('/no');
    expect(handler.exchanges[0]?.ends).toMatchObject([{ status: 503, error: { code: 'no-endpoint' } }]);
  });

  test('a client that goes away takes its request with it', async () => {
    const upstream = await rawUpstream();
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    client.socket.resetAndDestroy();
    await eventually('the upstream connection ends', () => connection.hasEnded());
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toMatchObject([{ status: 499, error: { code: 'downstream-closed' } }]);
  });
}

function get(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', agent, headers: { host: 'b' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject).end();
  });
}
