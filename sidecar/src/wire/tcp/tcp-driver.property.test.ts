import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createAcceptor } from '../../listen/accept.ts';
import { bindAll, type Listener } from '../../listen/bind.ts';
import type { Driver } from '../driver.ts';
import { createTcpDriver, type TcpDriver } from './tcp-driver.ts';

/** A loaded machine may take its time; a condition that never holds still fails. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

/** What one side does, step by step; `wait` lets a turn of the event loop pass. */
type Step = 'write' | 'http' | 'end' | 'reset' | 'destroy' | 'wait';

const step = fc.constantFrom<Step>('write', 'http', 'end', 'reset', 'destroy', 'wait', 'wait');
const script = fc.array(step, { maxLength: 5 });
const scenario = fc.record({
  client: script,
  server: script,
  isReachable: fc.boolean(),
  isSilentFirst: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

async function play(socket: Socket, steps: readonly Step[]): Promise<void> {
  socket.on('error', () => undefined).resume();
  for (const each of steps) {
    if (each === 'write') socket.write(Buffer.alloc(100_000, 1));
    else if (each === 'http') socket.write('GET / HTTP/1.1\r\n\r\n');
    else if (each === 'end') socket.end();
    else if (each === 'reset') socket.resetAndDestroy();
    else if (each === 'destroy') socket.destroy();
    else await new Promise((resolve) => setImmediate(resolve));
  }
  // Nobody stays for ever: what is not closed by its script is closed now.
  socket.end();
}

const http: Driver = {
  accept: (socket) => void socket.resume().on('end', () => socket.end()),
  drain: () => Promise.resolve(),
  close: () => undefined,
};

interface Run {
  readonly driver: TcpDriver;
  readonly listener: Listener;
  readonly undecided: () => number;
  opened: number;
  ended: number;
}

let behaviour: readonly Step[] = [];
const server = createServer({ allowHalfOpen: true }, (socket) => void play(socket, behaviour));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

async function start({ isReachable, isSilentFirst }: Scenario): Promise<Run> {
  const reachable = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const target = isReachable ? reachable : { address: '127.0.0.1', port: 1 };
  const open = () => {
    run.opened += 1;
    let hasEnded = false;
    const end = (): void => {
      expect(hasEnded).toBe(false);
      hasEnded = true;
      run.ended += 1;
    };
    const edits = { requestEdits: [], responseEdits: [] };
    return { refusal: undefined, target, ...edits, retry: () => false, responded: () => undefined, end };
  };
  const driver = createTcpDriver({
    handler: { open },
    limits: { connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 },
  });
  const acceptor = createAcceptor({
    direction: 'outbound',
    drivers: { http, http2: http, tcp: driver },
    detect: { timeoutMs: isSilentFirst ? 1 : 1_000, tcpPorts: new Set() },
    idleTimeoutMs: 60_000,
    originalDestination: () => target,
    isOwnListener: () => false,
    protocolOf: () => 'auto',
  });
  const address = { address: '127.0.0.1', port: 0 };
  const onConnection = acceptor.accept;
  const [listener] = await bindAll([{ name: 'X', address, maxConnections: 10, onConnection }]);
  if (listener === undefined) throw new Error('nothing was bound');
  const run: Run = { driver, listener, undecided: () => acceptor.undecided, opened: 0, ended: 0 };
  return run;
}

it('ends every exchange once and leaves no socket behind, whatever client and server do', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (each) => {
      behaviour = each.server;
      const run = await start(each);
      const clients = Array.from({ length: 3 }, () =>
        connect({ ...run.listener.address, host: '127.0.0.1', allowHalfOpen: true }),
      );
      await Promise.all(clients.map((client) => play(client, each.client)));
      await eventually(() => {
        expect([run.listener.connections.size, run.undecided(), run.ended]).toEqual([0, 0, run.opened]);
      });
      await run.driver.drain();
      await run.listener.stop();
      for (const client of clients) client.destroy();
    }),
    { numRuns: 150 },
  );
}, 60_000);
