import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream } from '../raw-upstream.ts';
import { listen, startDriver, type CreateDriver } from '../start-driver.ts';

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, Upgrade\r\nUpgrade: Foo/2\r\nX-A: 1\r\n\r\n';
const SWITCHED =
  'HTTP/1.1 101 Go  Ahead\r\nConnection: Upgrade\r\nuPgrade: foo/2\r\nX-B: 1\r\nX-B: 2\r\n\r\n';

/** What becomes of requests that change the protocol, for any HTTP/1 driver. */
export function upgradePromises(create: CreateDriver): void {
  test('an upgrade is forwarded as it is, with the bytes that came early on both sides', async () => {
    const upstream = await rawUpstream();
    const { port, handler } = await startDriver(create, {
      targets: [upstream.target],
      requestEdits: [{ name: 'baggage', value: 'lane=gray' }],
    });
    const client = rawClient(port);
    client.write(`${UPGRADE}early`);
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    connection.socket.write(`${SWITCHED}first`);
    expect(await client.until('first')).toBe(`${SWITCHED}first`);
    expect(await connection.until('early')).toBe(
      'GET /chat HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, Upgrade\r\nUpgrade: Foo/2\r\nX-A: 1\r\nbaggage: lane=gray\r\n\r\nearly',
    );
    expect(handler.exchanges[0]).toMatchObject({ responded: [101], ends: [] });
    client.write('\0\xff');
    await connection.until('early\0\xff');
    client.socket.destroy();
    await eventually('the end reaches the upstream', () => connection.hasEnded());
    connection.socket.end();
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: 101 }]);
  });

  test('each side may end before the other', async () => {
    for (const first of ['client', 'upstream']) {
      const upstream = await rawUpstream();
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(UPGRADE);
      const connection = await upstream.connection();
      await connection.until('\r\n\r\n');
      connection.socket.write(SWITCHED);
      await client.until('\r\n\r\n');
      if (first === 'client') {
        client.end();
        await eventually('the end reaches the upstream', () => connection.hasEnded());
        connection.socket.end('last');
      } else {
        connection.socket.end();
        await client.closed();
        client.socket.end('last');
      }
      if (first === 'client') expect(await client.until('last')).toContain('last');
      else await connection.until('last');
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toEqual([{ status: 101 }]);
    }
  });

  test.each(['client', 'upstream'])('a reset by the %s is passed on as a reset', async (who) => {
    const upstream = await rawUpstream();
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(UPGRADE);
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    connection.socket.write(SWITCHED);
    await client.until('\r\n\r\n');
    let failure: NodeJS.ErrnoException | undefined;
    connection.socket.on('error', (error) => (failure = error));
    if (who === 'client') {
      client.socket.resetAndDestroy();
      await eventually('the reset', () => failure?.code === 'ECONNRESET');
    } else {
      connection.socket.resetAndDestroy();
      expect((await client.closed()).wasReset).toBe(true);
    }
  });

  test.each([
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: a\r\nwww-authenticate: b\r\nContent-Length: 2\r\n\r\nno',
    'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n',
  ])('an answer other than 101 is a response like any other: %j', async (reply) => {
    const upstream = await rawUpstream({ onData: (socket) => void socket.write(reply) });
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(UPGRADE);
    const { text, wasReset } = await client.closed();
    expect(text).toBe(reply.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(wasReset).toBe(false);
    client.end();
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: Number(reply.slice(9, 12)) }]);
  });

  test('an upstream that cannot be reached is answered with 502', async () => {
    const { port, handler } = await startDriver(create, { targets: [{ address: '127.0.0.1', port: 1 }] });
    const client = rawClient(port);
    client.write(UPGRADE);
    expect((await client.closed()).text).toContain('x-lanekeeper-error: connect-failed');
    client.end();
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toHaveLength(1);
  });

  test.each([
    [
      'to HTTP/2, which would bind later requests to this decision',
      'Upgrade: h2c\r\nHTTP2-Settings: AA\r\n',
      '',
    ],
    ['with a body', 'Upgrade: foo\r\nContent-Length: 5\r\n', 'hello'],
  ])('an upgrade %s is a plain request', async (_, fields, body) => {
    const upstream = await rawUpstream({
      onData: (socket, received) =>
        received.endsWith(`\r\n\r\n${body}`) &&
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    });
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(`POST / HTTP/1.1\r\nHost: b\r\nConnection: Upgrade, HTTP2-Settings\r\n${fields}\r\n${body}`);
    await client.until('ok');
    expect(upstream.connections[0]?.received()).not.toMatch(/upgrade|settings/i);
  });

  test('an upgrade behind a pipelined request waits for its turn', async () => {
    const upstream = await rawUpstream();
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(`GET /1 HTTP/1.1\r\nHost: b\r\n\r\n${UPGRADE}`);
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    expect(connection.received()).not.toContain('/chat');
    connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const upgraded = await eventually('the upgrade', () =>
      upstream.connections.find((one) => one.received().includes('/chat')),
    );
    upgraded.socket.write(SWITCHED);
    expect(await client.until('101')).toMatch(/\r\n\r\nokHTTP\/1.1 101 /);
  });

  test('WebSocket messages of every size go both ways', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    onTestFinished(() => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
    });
    const target = { address: '127.0.0.1', port: await listen(server) };
    const { port, handler } = await startDriver(create, { targets: [target] });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const received: Buffer[] = [];
    socket.on('message', (data: Buffer) => received.push(data));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const messages = [1, 125, 65_536, 3_000_000].map((size) => Buffer.alloc(size, size % 251));
    for (const message of messages) socket.send(message);
    await eventually('all messages', () => received.length === messages.length);
    expect(Buffer.concat(received).equals(Buffer.concat(messages))).toBe(true);
    socket.close(1000);
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
  });

  describe('CONNECT', () => {
    test('to the explicit proxy is answered, and the connection handed on with its destination', async () => {
      const { port, handler, tunnels } = await startDriver(create, { targets: [] });
      const client = rawClient(port);
      client.write('CONNECT B.test:8443 HTTP/1.1\r\nHost: b.test:8443\r\n\r\n\x16\x03\x01');
      expect(await client.until('\r\n\r\n')).toMatch(/^HTTP\/1.1 200 [^\r]+\r\n\r\n$/);
      expect(tunnels[0]?.connection.destination).toEqual({ address: 'b.test', port: 8443 });
      expect(handler.exchanges).toHaveLength(0);
      const bytes: Buffer[] = [];
      tunnels[0]?.socket.on('data', (chunk) => bytes.push(chunk));
      await eventually('the early bytes', () => Buffer.concat(bytes).toString('latin1') === '\x16\x03\x01');
      client.write('more');
      await eventually('later bytes', () => Buffer.concat(bytes).includes('more'));
      tunnels[0]?.socket.write('back');
      await client.until('back');
    });

    test('the handed-on connection can come back as HTTP', async () => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      });
      const { port, driver, tunnels, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(
        'CONNECT b.test:80 HTTP/1.1\r\nHost: b.test:80\r\n\r\nGET /in HTTP/1.1\r\nHost: b.test\r\n\r\n',
      );
      await client.until('\r\n\r\n');
      const tunnel = await eventually('the tunnel', () => tunnels[0]);
      driver.accept(tunnel.socket, tunnel.connection);
      await client.until('ok');
      client.write('GET /again HTTP/1.1\r\nHost: b.test\r\n\r\n');
      await eventually('two requests', () => handler.exchanges[1]?.ends.length);
      expect(handler.exchanges.map((exchange) => exchange.head.path)).toEqual(['/in', '/again']);
    });

    test('behind a response after which the connection closes is not answered', async () => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      });
      const { port, tunnels } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.0\r\nHost: b\r\n\r\nCONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n');
      expect((await client.closed()).text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/);
      expect(tunnels).toEqual([]);
    });

    test.each([
      ['407 Not You', 'Proxy-Authenticate: x\r\nContent-Length: 2\r\n\r\nno'],
      ['302 Elsewhere', 'Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'],
    ])('that the upstream declines with %s makes no tunnel', async (status, rest) => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.write(`HTTP/1.1 ${status}\r\n${rest}`),
      });
      const { port, handler } = await startDriver(create, {
        targets: [upstream.target],
        connection: { direction: 'gateway' },
      });
      const client = rawClient(port);
      const connect = 'CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n';
      client.write(`${connect}GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n`);
      await client.until('\r\n\r\n');
      client.write('GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n');
      const { text } = await client.closed();
      expect(text.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
      expect(text).toMatch(/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/);
      client.end();
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toEqual([{ status: Number(status.slice(0, 3)) }]);
      expect(handler.exchanges).toHaveLength(1);
      expect(upstream.connections.map((one) => one.received())).toEqual([connect]);
    });

    test('on its way to another proxy is forwarded to that', async () => {
      const upstream = await rawUpstream();
      const { port, handler } = await startDriver(create, {
        targets: [upstream.target],
        connection: { destination: upstream.target },
      });
      const client = rawClient(port);
      client.write('CONNECT c:443 HTTP/1.1\r\nHost: c:443\r\n\r\nhello');
      const connection = await upstream.connection();
      await connection.until('CONNECT c:443 HTTP/1.1\r\nHost: c:443\r\n\r\n');
      connection.socket.write('HTTP/1.1 200 Connected\r\n\r\nserver');
      expect(await client.until('server')).toBe('HTTP/1.1 200 Connected\r\n\r\nserver');
      await connection.until('hello');
      expect(handler.exchanges[0]?.responded).toEqual([200]);
    });
  });
}
