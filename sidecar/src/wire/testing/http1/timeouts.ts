import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream, replying } from '../raw-upstream.ts';
import { startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A port that takes no connection and refuses none: the address is set aside for documentation (RFC 5737). */
const BLACK_HOLE = { address: '192.0.2.1', port: 9 };

/** What is waited for and how long, for any HTTP/1 driver. */
export function timeoutsPromises(create: CreateDriver): void {
  test('a head that does not come to its end is answered with 408 and the connection closed', async () => {
    const { port, handler } = await startDriver(create, { targets: [], limits: { headTimeoutMs: 100 } });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n');
    const { text } = await client.closed();
    expect(text).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[^]*x-lanekeeper-error: head-timeout\r\n/);
    expect(handler.refused.map((error) => error.code)).toEqual(['head-timeout']);
  });

  test('a head that trickles in is not given more time', async () => {
    const { port } = await startDriver(create, { targets: [], limits: { headTimeoutMs: 200 } });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => client.socket.writable && client.write('X-A: 1\r\n'), 20);
    const { text } = await client.closed().finally(() => clearInterval(trickle));
    expect(text).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a body may take longer than a head', async () => {
    const upstream = await rawUpstream({
      onData: (socket, received) => received.endsWith('last') && socket.write(OK),
    });
    const { port } = await startDriver(create, {
      targets: [upstream.target],
      limits: { headTimeoutMs: 500, idleTimeoutMs: 500, responseTimeoutMs: 500 },
    });
    // This one's timeout tells that the time is over for the other.
    const clock = rawClient(port);
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\nfirst');
    await (await upstream.connection()).until('first');
    clock.write('GET');
    await clock.closed();
    client.write('last');
    expect(await client.until('ok')).toBe(OK);
  });

  test('idle connections are closed on both sides, without a word', async () => {
    const upstream = await rawUpstream(replying(OK));
    const { port } = await startDriver(create, {
      targets: [upstream.target],
      limits: { idleTimeoutMs: 100 },
    });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    await client.until('ok');
    expect((await client.closed()).text).toBe(OK);
    await eventually('the upstream connection ends', () => upstream.connections[0]?.hasEnded());
  });

  test('an upstream that does not take the connection: retried, then 504', async () => {
    const upstream = await rawUpstream(replying(OK));
    const { port, handler } = await startDriver(create, {
      targets: [BLACK_HOLE, upstream.target],
      limits: { connectTimeoutMs: 100 },
    });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    await client.until('ok');
    // A machine without a route to the address says so at once.
    expect(handler.exchanges[0]?.retries[0]?.code).toMatch(/^connect-(timeout|failed)$/);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: 200 }]);
  });

  describe('an upstream that does not answer in time', () => {
    test.each([
      ['at all', ''],
      ['with more than half a head', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n'],
      ['with more than interim responses', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ])('%s: 504, and its connection is closed', async (_, bytes) => {
      const upstream = await rawUpstream({ onData: (socket) => void socket.write(bytes) });
      const { port, handler } = await startDriver(create, {
        targets: [upstream.target, upstream.target],
        limits: { responseTimeoutMs: 100 },
      });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      const text = await client.until('response-timeout: ');
      expect(text).toContain('HTTP/1.1 504 Gateway Timeout\r\n');
      await eventually('the upstream connection ends', () => upstream.connections[0]?.hasEnded());
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toMatchObject([
        { status: 504, error: { code: 'response-timeout' } },
      ]);
      expect(handler.exchanges[0]?.retries).toEqual([]);
      expect(upstream.connections).toHaveLength(1);
    });

    test('the time counts from the end of the request', async () => {
      const upstream = await rawUpstream();
      const { port } = await startDriver(create, {
        targets: [upstream.target],
        limits: { responseTimeoutMs: 100 },
      });
      const client = rawClient(port);
      client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello');
      await client.until('504 Gateway Timeout');
    });
  });
}
