import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { listen } from '../start-driver.ts';
import { ask, bodyOf, type Asked } from './edge-client.ts';
import { startEdge, startOriginOf, type Versions } from './start-edge.ts';

const ended = (asked: Asked): Promise<unknown> => eventually('end of the response', () => asked.end);

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What a request between any two versions is promised. */
export function bridgePromises(versions: Versions): void {
  const { client, upstream } = versions;

  test('carries heads, cookies, bodies and trailers both ways', async () => {
    const origin = await startOriginOf(upstream, (request, response) => {
      void bytesOf(request).then((bytes) => {
        response.writeHead(201, {
          'x-method': request.method ?? '',
          'x-url': request.url ?? '',
          'x-host': String(request.headers[':authority'] ?? request.headers.host),
          'x-cookie': request.headers.cookie ?? '',
          'x-many': String(request.headers['x-many']),
          'set-cookie': ['a=1', 'b=2'],
          trailer: 'x-sum',
          'x-trailer': String(request.trailers['x-check']),
        });
        response.write(bytes);
        response.addTrailers({ 'x-sum': '42' });
        response.end();
      });
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, {
      method: 'POST',
      path: '/a%2Fb?c=d',
      headers: { cookie: 'p=1; q=2', 'x-many': ['1', '2'] },
      body: ['hel', 'lo'],
      trailers: { 'x-check': 'yes' },
    });
    await ended(asked);
    expect(asked).toMatchObject({ status: 201, end: 'whole', trailers: { 'x-sum': '42' } });
    expect(bodyOf(asked)).toBe('hello');
    expect(asked.headers).toMatchObject({
      'x-method': 'POST',
      'x-url': '/a%2Fb?c=d',
      'x-host': 'shop.test',
      'x-cookie': 'p=1; q=2',
      'x-many': '1, 2',
      'x-trailer': 'yes',
      'set-cookie': ['a=1', 'b=2'],
    });
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends).toEqual([{ status: 201 }]);
    expect(relay.handler.exchanges[0]?.responded).toEqual([201]);
  });

  test('applies edits to both heads, and the path and host of the route', async () => {
    const origin = await startOriginOf(upstream, (request, response) => {
      const host = String(request.headers[':authority'] ?? request.headers.host);
      response.writeHead(200, {
        'x-seen': [host, request.url, request.headers['x-a']].join(' '),
        'x-gone': '1',
      });
      response.end();
    });
    const relay = await startEdge(versions, {
      targets: [origin.target],
      edge: { path: '/other?x=1', authority: 'inner.test' },
      requestEdits: [{ name: 'x-a', value: 'edited' }],
      responseEdits: [
        { name: 'x-gone', value: null },
        { name: 'set-cookie', value: 'c=3', append: true },
      ],
    });
    const asked = ask(client, relay.port, { headers: { 'x-a': 'own' } });
    await ended(asked);
    expect(asked.headers).toMatchObject({ 'x-seen': 'inner.test /other?x=1 edited', 'set-cookie': ['c=3'] });
    expect(asked.headers).not.toHaveProperty('x-gone');
  });

  test.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
  ] as const)('%s answered by %i has a head only', async (method, status, headers) => {
    const origin = await startOriginOf(upstream, (_request, response) => {
      response.writeHead(status, headers);
      response.end();
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, { method });
    await ended(asked);
    expect(asked).toMatchObject({ status, end: 'whole', headers });
    expect(bodyOf(asked)).toBe('');
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends).toEqual([{ status }]);
  });

  test('an answer without a body is whole', async () => {
    const origin = await startOriginOf(upstream, (_request, response) => {
      response.writeHead(200);
      response.end();
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, { method: 'POST' });
    await ended(asked);
    expect(asked).toMatchObject({ status: 200, end: 'whole' });
  });

  test('passes interim responses on', async () => {
    const origin = await startOriginOf(upstream, (_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('ok');
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port);
    await ended(asked);
    expect(asked.informational).toEqual([103]);
    expect(bodyOf(asked)).toBe('ok');
  });

  test('large bodies arrive as they were sent, both ways', async () => {
    const bytes = randomBytes(6 * 1024 * 1024);
    const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, { method: 'PUT', body: [bytes] });
    await ended(asked);
    expect(asked.end).toBe('whole');
    expect(sha(Buffer.concat(asked.chunks))).toBe(sha(bytes));
  });

  test('a client that does not read slows the upstream instead of filling memory', async () => {
    let sent = 0;
    let isHeld = false;
    const chunk = Buffer.alloc(64 * 1024);
    const origin = await startOriginOf(upstream, (_request, response) => {
      const more = (): void => {
        do sent += chunk.length;
        while (response.write(chunk) && sent < 512 * 1024 * 1024);
        isHeld = true;
      };
      response.on('drain', () => {
        isHeld = false;
        more();
      });
      more();
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port);
    await eventually('head', () => asked.status);
    asked.pause();
    let steady = 0;
    let before = -1;
    await eventually('the upstream is held', () => {
      steady = isHeld && before === sent ? steady + 1 : 0;
      before = sent;
      return steady > 2_000;
    });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    asked.abandon();
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends[0]?.error?.code).toBe('downstream-closed');
  });

  test('an upstream that breaks off is never taken for one that has ended', async () => {
    const origin = await startOriginOf(upstream, (_request, response) => {
      response.writeHead(200);
      response.write('part');
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port);
    await eventually('part', () => bodyOf(asked) === 'part');
    for (const socket of origin.sockets) socket.destroy();
    await ended(asked);
    expect(asked.end).toBe('broken');
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends).toHaveLength(1);
    expect(relay.handler.exchanges[0]?.ends[0]?.error?.code).toMatch(/upstream-(truncated|reset)/);
  });

  test('a client that goes away takes its request with it', async () => {
    let isAborted = false;
    const origin = await startOriginOf(upstream, (request) => {
      request.on('aborted', () => (isAborted = true));
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port);
    await eventually('request', () => origin.requests.length);
    asked.abandon();
    await eventually('the abort', () => isAborted);
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends[0]?.error?.code).toBe('downstream-closed');
  });

  test('an endpoint that cannot be reached is replaced by another, with the whole body', async () => {
    const gone = createServer();
    const port = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
    const relay = await startEdge(versions, { targets: [{ address: '127.0.0.1', port }, origin.target] });
    const asked = ask(client, relay.port, { method: 'POST', body: ['whole'] });
    await ended(asked);
    expect(bodyOf(asked)).toBe('whole');
    expect(relay.handler.exchanges[0]?.retries.map(({ code }) => code)).toEqual(['connect-failed']);
  });

  test('a request that ends early is not taken for a whole one', async () => {
    let isAborted = false;
    let isWhole = false;
    const origin = await startOriginOf(upstream, (request) => {
      request.on('aborted', () => (isAborted = true));
      request.on('end', () => (isWhole = request.complete && !isAborted));
      request.resume();
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, { method: 'POST', body: ['part'], staysOpen: true });
    await eventually('request', () => origin.requests.length);
    asked.abandon();
    await eventually('the abort', () => isAborted);
    expect(isWhole).toBe(false);
  });

  test('an answer before the end of the upload reaches the client', async () => {
    const origin = await startOriginOf(upstream, (_request, response) => {
      response.writeHead(403, { 'content-length': '2' });
      response.end('no');
    });
    const relay = await startEdge(versions, { targets: [origin.target] });
    const asked = ask(client, relay.port, { method: 'POST', body: ['part'], staysOpen: true });
    await eventually('body', () => bodyOf(asked) === 'no');
    expect(asked.status).toBe(403);
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends).toEqual([{ status: 403 }]);
  });
}

/** What a route of a gateway is promised. */
export function routePromises(versions: Versions): void {
  const { client, upstream } = versions;

  test('a reply is given here, and the upstream hears nothing', async () => {
    const origin = await startOriginOf(upstream, (_request, response) => void response.end('upstream'));
    const reply = {
      status: 301,
      headers: [
        ['location', 'https://shop.test/'],
        ['content-length', '0'],
      ],
      body: '',
      closes: false,
    } as const;
    const relay = await startEdge(versions, { targets: [origin.target], edge: { reply } });
    const asked = ask(client, relay.port, { method: 'POST', body: ['hello'] });
    await ended(asked);
    expect(asked).toMatchObject({ status: 301, end: 'whole', headers: { location: 'https://shop.test/' } });
    expect(origin.requests).toHaveLength(0);
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
    expect(relay.handler.exchanges[0]?.ends).toEqual([{ status: 301 }]);
  });

  describe('a body over the bound', () => {
    test('is refused by its length, before the upstream hears of it', async () => {
      const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
      const relay = await startEdge(versions, { targets: [origin.target], edge: { maxBodyBytes: 4 } });
      const asked = ask(client, relay.port, {
        method: 'POST',
        headers: { 'content-length': '5' },
        body: ['hello'],
      });
      await eventually('the answer', () => asked.status);
      expect(asked.status).toBe(413);
      expect(asked.headers['x-lanekeeper-error']).toBe('body-too-large');
      expect(origin.requests).toHaveLength(0);
    });

    test('is refused as it comes, and the upstream does not take the part for the whole', async () => {
      let isWhole = false;
      let isAborted = false;
      const origin = await startOriginOf(upstream, (request) => {
        request.on('aborted', () => (isAborted = true));
        request.on('end', () => (isWhole = request.complete && !isAborted));
        request.resume();
      });
      const relay = await startEdge(versions, { targets: [origin.target], edge: { maxBodyBytes: 4 } });
      const asked = ask(client, relay.port, { method: 'POST', body: ['hel'], staysOpen: true });
      await eventually('request', () => origin.requests.length);
      asked.write(Buffer.from('lo'));
      await eventually('the answer', () => asked.status);
      expect(asked.status).toBe(413);
      await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
      expect(relay.handler.exchanges[0]?.ends[0]).toMatchObject({
        status: 413,
        error: { code: 'body-too-large' },
      });
      await eventually('the upstream hears of the end', () => isAborted);
      expect(isWhole).toBe(false);
    });

    test('ends both sides where the answer has begun, though its last byte is there', async () => {
      const origin = await startOriginOf(upstream, (_request, response) => void response.write('part'));
      const relay = await startEdge(versions, { targets: [origin.target], edge: { maxBodyBytes: 4 } });
      const asked = ask(client, relay.port, { method: 'POST', body: ['hel'], staysOpen: true });
      await eventually('part', () => bodyOf(asked) === 'part');
      asked.finish(Buffer.from('lo'));
      await ended(asked);
      expect(asked.end).toBe('broken');
      await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
      expect(relay.handler.exchanges[0]?.ends[0]?.error?.code).toBe('body-too-large');
    });

    test('of just that size is let through', async () => {
      const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
      const relay = await startEdge(versions, { targets: [origin.target], edge: { maxBodyBytes: 5 } });
      const asked = ask(client, relay.port, { method: 'POST', body: ['hel', 'lo'] });
      await ended(asked);
      expect(bodyOf(asked)).toBe('hello');
    });
  });

  describe('bounds of time', () => {
    test('an attempt that gets no answer is tried elsewhere where that harms nobody', async () => {
      const silent = await startOriginOf(upstream, () => undefined);
      const origin = await startOriginOf(upstream, (_request, response) => void response.end('other'));
      const targets = [silent.target, origin.target];
      const relay = await startEdge(versions, { targets, edge: { attemptTimeoutMs: 40 } });
      const asked = ask(client, relay.port);
      await ended(asked);
      expect(bodyOf(asked)).toBe('other');
      expect(relay.handler.exchanges[0]?.retries.map(({ code }) => code)).toEqual(['response-timeout']);
    });

    test('an attempt with a body that gets no answer is answered by 504', async () => {
      const silent = await startOriginOf(upstream, () => undefined);
      const targets = [silent.target, silent.target];
      const relay = await startEdge(versions, { targets, edge: { attemptTimeoutMs: 40 } });
      const asked = ask(client, relay.port, { method: 'POST', body: ['once'] });
      await ended(asked);
      expect(asked.status).toBe(504);
      expect(asked.headers['x-lanekeeper-error']).toBe('response-timeout');
      expect(silent.requests).toHaveLength(1);
    });

    test('an upload that goes on is not timed as an attempt', async () => {
      const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
      const relay = await startEdge(versions, {
        targets: [origin.target],
        edge: { attemptTimeoutMs: 60_000 },
      });
      const asked = ask(client, relay.port, { method: 'POST', body: ['a', 'b'] });
      await ended(asked);
      expect(bodyOf(asked)).toBe('ab');
    });

    test('a request that takes too long is answered by 504', async () => {
      const silent = await startOriginOf(upstream, () => undefined);
      const relay = await startEdge(versions, { targets: [silent.target], edge: { requestTimeoutMs: 40 } });
      const asked = ask(client, relay.port);
      await ended(asked);
      expect(asked.status).toBe(504);
      expect(asked.headers['x-lanekeeper-error']).toBe('request-timeout');
    });

    test('a response that takes too long is broken off, never ended', async () => {
      const origin = await startOriginOf(upstream, (_request, response) => {
        response.writeHead(200);
        response.write('part');
      });
      const relay = await startEdge(versions, { targets: [origin.target], edge: { requestTimeoutMs: 80 } });
      const asked = ask(client, relay.port);
      await ended(asked);
      expect(asked).toMatchObject({ status: 200, end: 'broken' });
      await eventually('the end', () => relay.handler.exchanges[0]?.ends.length);
      expect(relay.handler.exchanges[0]?.ends[0]?.error?.code).toBe('request-timeout');
    });
  });

  describe('a mirror', () => {
    test('gets a copy of head and body, and its answer is nobody’s concern', async () => {
      let copied: string | undefined;
      const mirror = await startOriginOf(upstream, (request, response) => {
        response.writeHead(500);
        void bytesOf(request).then((bytes) => {
          copied = [request.method, request.url, request.headers['x-copy'], bytes.toString()].join(' ');
          response.end('mirror');
        });
      });
      const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
      const mirrors = [{ target: mirror.target, edits: [{ name: 'x-copy', value: 'yes' }] }];
      const relay = await startEdge(versions, { targets: [origin.target], edge: { path: '/p', mirrors } });
      const asked = ask(client, relay.port, { method: 'POST', body: ['hel', 'lo'] });
      await ended(asked);
      expect(asked.status).toBe(200);
      expect(bodyOf(asked)).toBe('hello');
      await eventually('the copy', () => copied);
      expect(copied).toBe('POST /p yes hello');
      expect(origin.requests[0]?.headers['x-copy']).toBeUndefined();
    });

    test('that is not there or does not read harms nobody', async () => {
      const bytes = randomBytes(4 * 1024 * 1024);
      const sockets: { destroy(): void }[] = [];
      const deaf = createServer({ pauseOnConnect: true }, (socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
      });
      const deafAt = { address: '127.0.0.1', port: await listen(deaf) };
      onTestFinished(() => {
        for (const socket of sockets) socket.destroy();
        deaf.close();
      });
      const origin = await startOriginOf(upstream, (request, response) => void request.pipe(response));
      const mirrors = [
        { target: { address: '127.0.0.1', port: 1 }, edits: [] },
        { target: deafAt, edits: [] },
      ];
      const relay = await startEdge(versions, { targets: [origin.target], edge: { mirrors } });
      const asked = ask(client, relay.port, { method: 'PUT', body: [bytes] });
      await ended(asked);
      expect(asked.end).toBe('whole');
      expect(sha(Buffer.concat(asked.chunks))).toBe(sha(bytes));
    });
  });
}
