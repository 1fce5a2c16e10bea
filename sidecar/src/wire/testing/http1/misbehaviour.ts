import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawUpstream } from '../raw-upstream.ts';
import { startDriver, type CreateDriver } from '../start-driver.ts';

const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: 1\r\n\r\n',
  'HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc',
  'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nabc',
  'HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n',
];

const REQUESTS = [
  'GET /a HTTP/1.1\r\nHost: b\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello',
  'PUT / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  'GET / HTTP/1.0\r\n\r\n',
  'CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\nxyz',
  'HEAD http://b/x HTTP/1.1\r\nHost: b\r\n\r\n',
];

const PIECES = [
  '\r',
  '\n',
  '\0',
  ' ',
  ':',
  ';',
  '0',
  '9',
  'f',
  '\xff',
  ',',
  '\r\n',
  '-',
  'Connection: close\r\n',
].concat(['Transfer-Encoding: chunked\r\n', 'Content-Length: 3\r\n', 'Host: c\r\n', 'HTTP/1.1 200 OK\r\n']);

const CONNECTIONS = 400;

/** What holds whatever both sides do, for any HTTP/1 driver. */
export function misbehaviourPromises(create: CreateDriver): void {
  test.each([1, 2, 3])(
    'broken bytes on both sides (seed %d): every request ends once, and the driver drains',
    async (seed) => {
      const chance = chanceOf(seed);
      const upstream = await rawUpstream({
        onData(socket) {
          if (!socket.writable) return;
          socket.write(maybeBroken(RESPONSES, chance), 'latin1');
          const way = chance(5);
          if (way < 2) socket.end();
          else if (way === 2) socket.resetAndDestroy();
          else setTimeout(() => socket.destroy(), chance(200));
        },
      });
      const { port, driver, handler, tunnels } = await startDriver(create, {
        targets: [upstream.target, upstream.target],
        limits: { headTimeoutMs: 300, idleTimeoutMs: 300, responseTimeoutMs: 300, maxHeadBytes: 4_096 },
      });
      const clients = Array.from({ length: CONNECTIONS }, () => misbehave(port, chance));
      await eventually('every connection ends', () => {
        for (const { socket } of tunnels) socket.destroy();
        return clients.every((client) => client.destroyed);
      });
      await driver.drain();
      expect(handler.exchanges.length).toBeGreaterThan(CONNECTIONS / 8);
      expect(handler.exchanges.filter((exchange) => exchange.ends.length !== 1)).toEqual([]);
    },
  );
}

/** Sends one to three requests in two writes, then maybe ends or resets; goes when the other side has ended. */
function misbehave(port: number, chance: Chance): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let bytes = '';
  for (let count = 1 + chance(3); count > 0; count -= 1) bytes += maybeBroken(REQUESTS, chance);
  const cut = chance(bytes.length);
  const end = chance(6);
  socket.on('error', () => {}).on('end', () => socket.destroy());
  socket.resume();
  socket.write(bytes.slice(0, cut), 'latin1');
  setImmediate(() => {
    if (socket.writable) socket.write(bytes.slice(cut), 'latin1');
    if (end === 0) socket.end();
    if (end === 1) setTimeout(() => socket.resetAndDestroy(), 5);
  });
  return socket;
}

/** A whole number from 0 up to, not including, `limit`. */
type Chance = (limit: number) => number;

/** Repeatable chance: the generator of Park and Miller. */
function chanceOf(seed: number): Chance {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

function maybeBroken(messages: readonly string[], chance: Chance): string {
  let message = messages[chance(messages.length)] ?? '';
  if (chance(2) === 0) return message;
  for (let count = 1 + chance(3); count > 0; count -= 1) {
    const at = chance(message.length + 1);
    const piece = chance(4) === 0 ? '' : (PIECES[chance(PIECES.length)] ?? '');
    message = message.slice(0, at) + piece + message.slice(at + chance(3));
  }
  return message;
}
