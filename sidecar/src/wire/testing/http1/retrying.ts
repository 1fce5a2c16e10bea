import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream } from '../raw-upstream.ts';
import { listen, startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a driver for HTTP/1 promises where an upstream takes no connection, or has left one. */
export function retryingPromises(create: CreateDriver): void {
  describe('failures to connect', () => {
    test('are retried on the next target, a body included, and it gets the whole request', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => received.endsWith('hello') && socket.write(OK),
      });
      const closed = await closedPort();
      const { port, handler } = await startDriver(create, { targets: [closed, closed, upstream.target] });
      const client = rawClient(port);
      client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello');
      await client.until('ok');
      expect(upstream.connections[0]?.received()).toMatch(/\r\n\r\nhello$/);
      expect(handler.exchanges[0]?.retries.map((error) => error.code)).toEqual([
        'connect-failed',
        'connect-failed',
      ]);
    });

    test('are answered with 502 when no target is left; the connection goes on', async () => {
      const closed = await closedPort();
      const { port, handler } = await startDriver(create, { targets: [closed] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      await client.until('connect-failed: ');
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      await eventually('a second answer', () => client.received().split('502 Bad Gateway').length === 3);
      expect(client.received()).toContain('\r\nx-lanekeeper-error: connect-failed\r\n');
      await eventually('two ends', () => handler.exchanges[1]?.ends.length);
      expect(handler.exchanges[0]?.ends).toMatchObject([{ status: 502, error: { code: 'connect-failed' } }]);
    });
  });

  describe('a connection that the upstream closed while it was idle', () => {
    test('is replaced for a request that may be repeated', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => {
          if (received.split('GET').length > 2) socket.resetAndDestroy();
          else socket.write(OK);
        },
      });
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\n');
      await client.until('ok');
      client.write('GET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
      await eventually('a second response', () => client.received() === OK + OK);
      expect(upstream.connections).toHaveLength(2);
      expect(handler.exchanges.map((exchange) => exchange.retries)).toEqual([[], []]);
    });

    test('so is a new one that only its system accepted, once', async () => {
      for (const [resets, answer] of [
        [1, OK],
        [2, 'HTTP/1.1 502 Bad Gateway'],
      ] as const) {
        let left: number = resets;
        const upstream = await rawUpstream({
          onData: (socket) => {
            if (left === 0) socket.write(OK);
            else {
              left -= 1;
              socket.resetAndDestroy();
            }
          },
        });
        const { port } = await startDriver(create, { targets: [upstream.target] });
        const client = rawClient(port);
        client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
        await client.until(answer);
        expect(upstream.connections).toHaveLength(2);
      }
    });

    test('is replaced once more where the new one was taken by nobody, and not for ever', async () => {
      for (const [resets, answer] of [
        [2, OK],
        [3, 'HTTP/1.1 502 Bad Gateway'],
      ] as const) {
        let left: number = resets;
        const upstream = await rawUpstream({
          onData: (socket, received) => {
            if (!received.includes('/2') || left === 0) socket.write(OK);
            else {
              left -= 1;
              socket.resetAndDestroy();
            }
          },
        });
        const { port } = await startDriver(create, { targets: [upstream.target] });
        const client = rawClient(port);
        client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\n');
        await client.until(OK);
        client.write('GET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
        await client.until(`${OK}${answer}`);
        expect(upstream.connections).toHaveLength(3);
      }
    });

    test('fails a request that may not', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => {
          if (received.includes('POST')) socket.resetAndDestroy();
          else socket.write(OK);
        },
      });
      const { port } = await startDriver(create, { targets: [upstream.target, upstream.target] });
      const client = rawClient(port);
      client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\n');
      await client.until('ok');
      client.write('POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n');
      expect(await client.until('upstream-reset: ')).toContain('HTTP/1.1 502 Bad Gateway');
      expect(upstream.connections).toHaveLength(1);
    });
  });
}

async function closedPort(): Promise<{ address: string; port: number }> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return { address: '127.0.0.1', port };
}
