import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Exchange, ExchangeResult } from '../../exchange/exchange.ts';
import { bindAll } from '../../listen/bind.ts';
import type { Connection } from '../../listen/connection.ts';
import { ProxyError } from '../../proxy-error.ts';
import { createTcpDriver, type TcpDriver } from './tcp-driver.ts';

/** A loaded machine may take its time; a condition that never holds still fails. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Setup {
  /** Tried in order; the first is the decision's. */
  readonly targets: readonly SocketAddress[];
  readonly refusal?: ProxyError;
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** Takes the connection instead of `accept`. */
  readonly onSilent?: (driver: TcpDriver, socket: Socket, connection: Connection) => void;
}

interface World {
  readonly driver: TcpDriver;
  readonly ends: ExchangeResult[];
  readonly tried: ProxyError[];
  readonly accepted: ReadonlySet<Socket>;
  dial(): Promise<Socket>;
  /** Dials, and resolves to the code with which the connection is lost. */
  dialAndLose(): Promise<unknown>;
}

async function world(setup: Setup): Promise<World> {
  const ends: ExchangeResult[] = [];
  const tried: ProxyError[] = [];
  const driver = createTcpDriver({
    handler: { open: () => exchangeOver(setup, tried, ends) },
    limits: {
      connectTimeoutMs: setup.connectTimeoutMs ?? 5_000,
      idleTimeoutMs: setup.idleTimeoutMs ?? 60_000,
    },
  });
  const at = { address: '127.0.0.1', port: 0 };
  const [listener] = await bindAll([
    {
      name: 'OUTBOUND',
      address: at,
      maxConnections: 1_000,
      onConnection(socket) {
        const connection = { direction: 'outbound', peer: at, local: at, destination: at } as const;
        if (setup.onSilent === undefined) driver.accept(socket, connection);
        else setup.onSilent(driver, socket, connection);
      },
    },
  ]);
  if (listener === undefined) throw new Error('nothing was bound');
  cleanups.push(() => {
    void listener.stop();
    driver.close();
  });
  const open = (): Socket => {
    const socket = connect({ host: '127.0.0.1', port: listener.address.port, allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    return socket;
  };
  const dial = async (): Promise<Socket> => {
    const socket = open();
    await once(socket, 'connect');
    return socket;
  };
  const dialAndLose = (): Promise<unknown> =>
    new Promise((resolve) => open().once('error', (error) => resolve('code' in error ? error.code : error)));
  return { driver, ends, tried, accepted: listener.connections, dial, dialAndLose };
}

function exchangeOver({ targets, refusal }: Setup, tried: ProxyError[], ends: ExchangeResult[]): Exchange {
  let attempt = 0;
  return {
    refusal,
    get target() {
      return targets[attempt] ?? { address: '127.0.0.1', port: 1 };
    },
    requestEdits: [],
    responseEdits: [],
    retry(error) {
      tried.push(error);
      attempt += 1;
      return error.retryable && attempt < targets.length;
    },
    responded: () => undefined,
    end: (result) => ends.push(result),
  };
}

async function serve(onConnection: (socket: Socket) => void): Promise<SocketAddress> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await listenOn(server);
  return addressOf(server);
}

async function listenOn(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
}

function addressOf(server: Server): SocketAddress {
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** An address on which nobody listens. */
async function closedPort(): Promise<SocketAddress> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = addressOf(server);
  server.close();
  await once(server, 'close');
  return address;
}

/** A listener that never accepts and whose queue is full: the kernel leaves a further SYN without an answer. */
async function fullListener(): Promise<SocketAddress> {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(source, { eval: true });
  cleanups.push(() => void worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }));
  for (const filler of fillers) {
    filler.on('error', () => undefined);
    cleanups.push(() => filler.destroy());
  }
  await once(fillers[0] ?? worker, 'connect');
  return { address: '127.0.0.1', port };
}

/** Reads to the end and leaves the socket open for writing, which iteration would not on every version of Node. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks).toString('latin1');
}

const echo = (socket: Socket): void => void socket.pipe(socket);

describe('tcp driver', () => {
  it('lets a server speak first', async () => {
    const { dial, ends } = await world({ targets: [await serve((socket) => socket.end('220 ready\r\n'))] });
    const client = await dial();
    expect(await readAll(client)).toBe('220 ready\r\n');
    client.end();
    await eventually(() => expect(ends).toEqual([{ status: 200 }]));
  });

  it('passes an end of the client on and still brings the answer that comes after it', async () => {
    const answerAtEnd = (socket: Socket): void => {
      void readAll(socket).then((text) => socket.end(`got ${text}`));
    };
    const { dial, ends } = await world({ targets: [await serve(answerAtEnd)] });
    const client = await dial();
    client.end('question');
    expect(await readAll(client)).toBe('got question');
    await eventually(() => expect(ends).toEqual([{ status: 200 }]));
  });

  it('passes an end of the server on and still brings what the client sends after it', async () => {
    const received = vi.fn();
    const { dial } = await world({
      targets: [
        await serve((socket) => {
          socket.end('bye');
          void readAll(socket).then(received);
        }),
      ],
    });
    const client = await dial();
    expect(await readAll(client)).toBe('bye');
    client.end('last words');
    await eventually(() => expect(received).toHaveBeenCalledWith('last words'));
  });

  it.each(['client', 'server'])('passes a reset of the %s on as a reset', async (side) => {
    const upstreams: Socket[] = [];
    const { dial, ends } = await world({
      targets: [
        await serve((socket) => {
          upstreams.push(socket);
          echo(socket);
        }),
      ],
    });
    const client = await dial();
    client.write('hello');
    await once(client, 'data');
    const [upstream] = upstreams;
    if (upstream === undefined) throw new Error('nobody connected');
    const [resetting, other] = side === 'client' ? [client, upstream] : [upstream, client];
    const errored = new Promise((resolve) => other.once('error', resolve));
    resetting.resetAndDestroy();
    expect(await errored).toMatchObject({ code: 'ECONNRESET' });
    const code = side === 'client' ? 'downstream-closed' : 'upstream-reset';
    await eventually(() => expect(ends[0]?.error?.code).toBe(code));
    expect(ends).toHaveLength(1);
  });

  it("resets the destination when the client's socket is destroyed from elsewhere", async () => {
    const upstreamClosed = vi.fn();
    const serveUntilClosed = (socket: Socket): void => echo(socket.once('close', upstreamClosed));
    const { dial, accepted, ends } = await world({ targets: [await serve(serveUntilClosed)] });
    const client = await dial();
    client.write('x');
    await once(client, 'data');
    for (const socket of accepted) socket.destroy();
    await eventually(() => expect(upstreamClosed).toHaveBeenCalled());
    expect(ends.map((end) => end.error?.code)).toEqual(['downstream-closed']);
  });

  it('closes both sides when a destination sends its end and then a reset', async () => {
    const endThenReset = (socket: Socket): void => {
      socket.end('bye');
      socket.once('finish', () => socket.resetAndDestroy());
    };
    const { dial, ends, accepted } = await world({ targets: [await serve(endThenReset)] });
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await dial();
        client.on('error', () => undefined).resume();
        for (let turn = 0; turn < 5; turn += 1) client.write(Buffer.alloc(50_000));
      }),
    );
    await eventually(() => expect([accepted.size, ends.length]).toEqual([0, 20]));
  });

  it('tries the next endpoint when one does not accept', async () => {
    const { dial, tried, ends } = await world({ targets: [await closedPort(), await serve(echo)] });
    const client = await dial();
    client.end('hello');
    expect(await readAll(client)).toBe('hello');
    expect(tried.map((error) => [error.code, error.retryable])).toEqual([['connect-failed', true]]);
    await eventually(() => expect(ends).toEqual([{ status: 200 }]));
  });

  it('resets the client when no endpoint accepts, and reports why', async () => {
    const { dialAndLose, ends } = await world({ targets: [await closedPort()] });
    expect(await dialAndLose()).toBe('ECONNRESET');
    expect(ends.map((end) => [end.status, end.error?.code])).toEqual([[502, 'connect-failed']]);
  });

  it('gives up a destination that does not answer within the connect timeout', async () => {
    const { dialAndLose, ends } = await world({ targets: [await fullListener()], connectTimeoutMs: 50 });
    expect(await dialAndLose()).toBe('ECONNRESET');
    expect(ends.map((end) => [end.status, end.error?.code])).toEqual([[504, 'connect-timeout']]);
  });

  it('connects nowhere when the decision is a refusal', async () => {
    const accepted = vi.fn();
    const refusal = new ProxyError('no-endpoint', 'nobody is there');
    const { dialAndLose, ends } = await world({ targets: [await serve(accepted)], refusal });
    expect(await dialAndLose()).toBe('ECONNRESET');
    expect(ends).toEqual([{ status: 503, error: refusal }]);
    expect(accepted).not.toHaveBeenCalled();
  });

  it('ends a connection on which nothing moves for the idle timeout', async () => {
    const { dialAndLose, ends } = await world({ targets: [await serve(echo)], idleTimeoutMs: 30 });
    expect(await dialAndLose()).toBe('ECONNRESET');
    await eventually(() => expect(ends).toHaveLength(1));
  });

  it('drains once the last connection has ended by itself', async () => {
    const { dial, driver } = await world({ targets: [await serve(echo)] });
    const client = await dial();
    client.write('x');
    await once(client, 'data');
    const drained = vi.fn();
    const draining = driver.drain().then(drained);
    client.write('y');
    await once(client, 'data');
    await nextTurn();
    expect(drained).not.toHaveBeenCalled();
    client.end();
    await draining;
  });

  it('destroys both sides at once when it is closed', async () => {
    const upstreamClosed = vi.fn();
    const { dial, driver, ends } = await world({
      targets: [
        await serve((socket) => {
          echo(socket);
          socket.once('close', upstreamClosed);
        }),
      ],
    });
    const client = await dial();
    client.write('x');
    await once(client, 'data');
    driver.close();
    await expect(once(client, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await eventually(() => expect(upstreamClosed).toHaveBeenCalled());
    expect(ends).toHaveLength(1);
    await driver.drain();
  });

  it('stops reading from a side whose other side does not take the bytes, and loses none of them', async () => {
    const upstreams: Socket[] = [];
    const hold = (socket: Socket): void => {
      socket.pause();
      upstreams.push(socket);
    };
    const { dial, accepted } = await world({ targets: [await serve(hold)] });
    const client = await dial();
    const total = 64 * 1024 * 1024;
    const bytes = Buffer.alloc(total, 'lanekeeper');
    client.end(bytes);
    await eventually(() =>
      expect([upstreams.length, ...[...accepted].map((socket) => socket.isPaused())]).toEqual([1, true]),
    );
    // The kernel's buffers take some megabytes on the way; a proxy that went on reading would have taken all.
    expect([...accepted][0]?.bytesRead).toBeLessThan(total / 2);
    const hash = createHash('sha256');
    for await (const chunk of upstreams[0] ?? []) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  describe('for a client that has said nothing', () => {
    it('brings what the server says first, then carries what the client answers', async () => {
      const spoke = vi.fn();
      const greet = (socket: Socket): void => {
        socket.write('220 ready\r\n');
        echo(socket);
      };
      const { dial } = await world({
        targets: [await serve(greet)],
        onSilent(driver, socket, connection) {
          spoke.mockImplementation(() => stream.commit());
          const stream = driver.acceptSilent(socket, connection, spoke);
        },
      });
      const client = await dial();
      expect(String((await once(client, 'data'))[0])).toBe('220 ready\r\n');
      expect(spoke).toHaveBeenCalledOnce();
      client.end('QUIT');
      expect(await readAll(client)).toBe('QUIT');
    });

    it('gives the socket back with every byte unread, and closes the connection to the server', async () => {
      const upstreamClosed = vi.fn();
      const received = vi.fn();
      const { dial, driver, ends } = await world({
        targets: [
          await serve((socket) => {
            socket.on('data', received);
            socket.once('end', upstreamClosed);
          }),
        ],
        onSilent(tcp, socket, connection) {
          const stream = tcp.acceptSilent(socket, connection, () => undefined);
          socket.once('readable', () => {
            stream.release();
            echo(socket);
          });
        },
      });
      const client = await dial();
      client.end('GET / HTTP/1.1\r\n\r\n');
      expect(await readAll(client)).toBe('GET / HTTP/1.1\r\n\r\n');
      await driver.drain();
      expect(ends).toEqual([{ status: 200 }]);
      expect(received).not.toHaveBeenCalled();
    });
  });
});
