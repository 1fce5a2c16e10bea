import { createServer, get as httpGet, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginRequest, createHarness } from '../exchange/exchange.fixture.ts';
import { startAdmin, type AdminFixture } from './admin.fixture.ts';
import { closeServer, listenOn } from '@lanekeeper/runtime/small-server';
import type { HopStreamLimits } from './hop-stream.ts';
import { streamHops } from './stream-hops.ts';

let admin: AdminFixture;
let responses: IncomingMessage[] = [];

beforeEach(async () => {
  responses = [];
  admin = await startAdmin({ capacity: 5 });
});

afterEach(async () => {
  for (const response of responses) response.destroy();
  await admin.close();
});

interface Stream {
  readonly text: () => string;
  readonly paths: () => string[];
  readonly response: IncomingMessage;
}

async function open(query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const { port } = admin.at;
  const outgoing = httpGet({ port, host: '127.0.0.1', path: `/hops/stream${query}`, headers, agent: false });
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  responses.push(response);
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => (text += part));
  response.on('error', () => undefined);
  const paths = () => [...text.matchAll(/"path":"([^"]*)"/g)].map(([, path = '']) => path);
  return { text: () => text, paths, response };
}

describe('GET /hops/stream', () => {
  it('sends each request as it ends, filtered, with its id', async () => {
    admin.send('b', { path: '/before' });
    const stream = await open('?lane=gray');
    expect(stream.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    admin.send('b', { path: '/base' });
    admin.send('b', { path: '/gray', headers: { baggage: 'lane=gray' } });
    await vi.waitFor(() => expect(stream.paths()).toEqual(['/gray']));
    expect(stream.text()).toMatch(/id: test-3\nevent: hop\ndata: \{.*\}\n\n$/);
  });

  it('goes on where a client left off, by Last-Event-ID or ?after=', async () => {
    for (const path of ['/1', '/2', '/3', '/4']) admin.send('b', { path });
    const again = await open('', { 'last-event-id': 'test-2' });
    const first = await open('?after=test-3');
    await vi.waitFor(() => expect(again.paths()).toEqual(['/3', '/4']));
    await vi.waitFor(() => expect(first.paths()).toEqual(['/4']));
    admin.send('b', { path: '/5' });
    await vi.waitFor(() => expect(again.paths()).toEqual(['/3', '/4', '/5']));
  });

  it('leaves no listener behind when a client goes', async () => {
    const subscribe = vi.spyOn(admin.harness.hops, 'toHop');
    const stream = await open();
    admin.send('b');
    await vi.waitFor(() => expect(stream.paths()).toHaveLength(1));
    stream.response.destroy();
    await vi.waitFor(() => {
      const before = subscribe.mock.calls.length;
      admin.send('b');
      // The access log has a renderer of its own; only a stream goes through the ring's.
      expect(subscribe.mock.calls.length).toBe(before);
    });
  });

  it('has a bound of streams', async () => {
    for (let index = 0; index < 32; index++) expect((await open()).response.statusCode).toBe(200);
    expect((await admin.ask('/hops/stream')).status).toBe(429);
    responses[0]?.destroy();
    await vi.waitFor(async () => expect((await open()).response.statusCode).toBe(200));
  });

  it('does not keep a HEAD waiting', async () => {
    expect((await admin.ask('/hops/stream', { method: 'HEAD' })).status).toBe(405);
  });

  it('refuses a filter that cannot be', async () => {
    expect((await admin.ask('/hops/stream?status=abc')).status).toBe(400);
  });
});

/** A stream with limits of its own, outside the admin server. */
async function serveStream(limits: Partial<HopStreamLimits>) {
  const harness = createHarness();
  const endpoint = streamHops(harness.hops, limits);
  const server = createServer((message, response) => {
    const reply = endpoint({ query: new URLSearchParams(), headers: message.headers, wantsHtml: false });
    if (reply.kind === 'stream') reply.open(response);
  });
  const at = await listenOn(server, { address: '127.0.0.1', port: 0 });
  const socket = connect(at.port, '127.0.0.1');
  let text = '';
  socket.on('error', () => undefined).on('data', (part) => (text += part.toString()));
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await vi.waitFor(() => expect(text).toContain('hops follow'));
  const close = async () => {
    socket.destroy();
    await closeServer(server);
  };
  return { harness, socket, text: () => text, close };
}

describe('a stream under load', () => {
  it('passes over hops beyond its rate and says how many', async () => {
    let now = 0;
    const { harness, text, close } = await serveStream({ maxPerSecond: 2, now: () => now });
    for (let index = 0; index < 10; index++) beginRequest(harness).end({ status: 200 });
    now = 1000;
    beginRequest(harness).end({ status: 200 });
    await vi.waitFor(() => expect(text().match(/event: hop/g)).toHaveLength(3));
    expect(text()).toContain('event: skipped\ndata: {"count":8}');
    await close();
  });

  it('is kept alive by comments', async () => {
    const { text, close } = await serveStream({ keepAliveMs: 5 });
    await vi.waitFor(() => expect(text().match(/: still here/g)?.length).toBeGreaterThan(1));
    await close();
  });

  it('is cut when its client does not read', async () => {
    const { harness, socket, close } = await serveStream({
      maxPerSecond: Infinity,
      maxWaitingBytes: 64 * 1024,
    });
    let cut = false;
    socket.pause();
    socket.once('close', () => (cut = true));
    const toHop = vi.spyOn(harness.hops, 'toHop');
    // Enough to fill the buffers of the kernel on both sides, a turn of the event loop for every hundred.
    await vi.waitFor(
      async () => {
        for (let index = 0; index < 100; index++) beginRequest(harness).end({ status: 200 });
        await new Promise(setImmediate);
        const before = toHop.mock.calls.length;
        beginRequest(harness).end({ status: 200 });
        expect(toHop.mock.calls.length).toBe(before);
      },
      { timeout: 15_000, interval: 1 },
    );
    expect(cut).toBe(false);
    socket.resume();
    await vi.waitFor(() => expect(cut).toBe(true));
    await close();
  });
});
