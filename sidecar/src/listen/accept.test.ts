import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Driver } from '../wire/driver.ts';
import type { TcpDriver } from '../wire/tcp/tcp-driver.ts';
import { createAcceptor, type Acceptor } from './accept.ts';
import { bindAll } from './bind.ts';
import type { Connection } from './connection.ts';

/** A loaded machine may take its time; a condition that never holds still fails. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Taken {
  driver: string;
  readonly connection: Connection;
  readonly socket: Socket;
  text: string;
  hasEnded: boolean;
}

interface World {
  readonly acceptor: Acceptor;
  readonly taken: Taken[];
  /** Of each silent connection: says that its server spoke. */
  readonly speak: (() => void)[];
  readonly address: SocketAddress;
  readonly connections: ReadonlySet<Socket>;
  dial(): Promise<Socket>;
}

interface Setup {
  readonly protocol?: AppProtocol;
  readonly destination?: SocketAddress;
  readonly ownPort?: number;
  /** The client dialled the listener itself. */
  readonly isDirect?: boolean;
  readonly timeoutMs?: number;
  readonly http?: Driver;
  readonly prepare?: (connection: Connection) => Promise<void> | undefined;
}

const DESTINATION = { address: '192.0.2.10', port: 8080 };

/** A listener whose drivers record what they are given. */
async function world(setup: Setup = {}): Promise<World> {
  const taken: Taken[] = [];
  const speak: (() => void)[] = [];
  const recorder = (driver: string) => ({
    accept(socket: Socket, connection: Connection, head?: Uint8Array) {
      const text = Buffer.from(head ?? []).toString('latin1');
      const entry: Taken = { driver, connection, socket, text, hasEnded: socket.readableEnded };
      taken.push(entry);
      socket.on('data', (chunk: Buffer) => (entry.text += chunk.toString('latin1')));
      socket.on('end', () => (entry.hasEnded = true));
    },
    drain: () => Promise.resolve(),
    close: () => undefined,
  });
  const tcp: TcpDriver = {
    ...recorder('tcp'),
    acceptSilent(socket, connection, onServerSpoke) {
      const entry: Taken = { driver: 'silent', connection, socket, text: '', hasEnded: false };
      taken.push(entry);
      speak.push(onServerSpoke);
      return {
        commit: (head) => recorder('tcp').accept(socket, connection, head),
        release: () => void (entry.driver = 'released'),
      };
    },
  };
  const acceptor = createAcceptor({
    direction: 'outbound',
    drivers: { http: setup.http ?? recorder('http'), http2: recorder('http2'), tcp },
    detect: { timeoutMs: setup.timeoutMs ?? 10_000, tcpPorts: new Set([3306]) },
    idleTimeoutMs: 10_000,
    originalDestination: () => (setup.isDirect === true ? undefined : (setup.destination ?? DESTINATION)),
    isOwnListener: ({ port }) => port === setup.ownPort,
    protocolOf: () => setup.protocol ?? 'auto',
    prepare: setup.prepare,
  });
  const [listener] = await bindAll([
    {
      name: 'OUTBOUND',
      address: { address: '127.0.0.1', port: 0 },
      maxConnections: 100,
      onConnection: (socket) => acceptor.accept(socket),
    },
  ]);
  if (listener === undefined) throw new Error('nothing was bound');
  cleanups.push(() => {
    void listener.stop();
    listener.destroy();
  });
  const dial = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port: listener.address.port, allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  return { acceptor, taken, speak, address: listener.address, connections: listener.connections, dial };
}

describe('acceptor', () => {
  it('asks for a destination before it looks at the protocol, and loses no byte meanwhile', async () => {
    const answers: (() => void)[] = [];
    const protocols: AppProtocol[] = [];
    const { taken, dial } = await world({
      get protocol() {
        return protocols[0] ?? 'auto';
      },
      prepare: () => new Promise((resolve) => void answers.push(resolve)),
    });
    const socket = await dial();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await eventually(() => expect(answers).toHaveLength(1));
    expect(taken).toEqual([]);
    protocols.push('tcp');
    answers[0]?.();
    await eventually(() => expect(taken).toMatchObject([{ driver: 'tcp', text: 'GET / HTTP/1.1\r\n\r\n' }]));
  });

  it('drains a connection whose destination is being asked for, and forgets one that leaves', async () => {
    const answers: (() => void)[] = [];
    const { acceptor, taken, dial, connections } = await world({
      prepare: () => new Promise((resolve) => void answers.push(resolve)),
    });
    const [stays, leaves] = [await dial(), await dial()];
    stays.write('GET / HTTP/1.1\r\n\r\n');
    await eventually(() => expect(answers).toHaveLength(2));
    leaves.resetAndDestroy();
    await eventually(() => expect(connections.size).toBe(1));
    const drained = acceptor.drain();
    for (const answer of answers) answer();
    await drained;
    expect(taken).toMatchObject([{ driver: 'http' }]);
    expect(acceptor.undecided).toBe(0);
  });

  it.each([
    ['GET / HTTP/1.1\r\nhost: b\r\n\r\n', 'http'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nframes', 'http2'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01', 'tcp'],
    ['*1\r\n$4\r\nPING\r\n', 'tcp'],
  ])('hands %j to %s with every byte, though they come one by one', async (text, driver) => {
    const { dial, taken, acceptor } = await world();
    const client = await dial();
    client.setNoDelay(true);
    for (const char of text) {
      await new Promise<void>((resolve) => {
        client.write(char, 'latin1', () => setImmediate(resolve));
      });
    }
    await eventually(() => expect(taken[0]?.text).toBe(text));
    expect(taken).toHaveLength(1);
    expect(taken[0]?.driver).toBe(driver);
    expect(taken[0]?.connection).toMatchObject({ direction: 'outbound', destination: DESTINATION });
    expect(acceptor.undecided).toBe(0);
  });

  describe('once the bound has passed for a silent client', () => {
    async function silent() {
      const { dial, taken, speak } = await world({ timeoutMs: 20 });
      const client = await dial();
      await eventually(() => expect(taken[0]?.driver).toBe('silent'));
      return { client, taken, speak };
    }

    it('stays with TCP when the server speaks, whatever the client says afterwards', async () => {
      const { client, taken, speak } = await silent();
      speak[0]?.();
      client.write('GET / HTTP/1.1\r\n\r\n');
      await eventually(() =>
        expect(taken[1]).toMatchObject({ driver: 'tcp', text: 'GET / HTTP/1.1\r\n\r\n' }),
      );
      expect(taken).toHaveLength(2);
    });

    it('still hands the connection to HTTP when the client is the one to speak, in pieces too', async () => {
      const { client, taken } = await silent();
      client.write('GET http://b/');
      client.write(' HTTP/1.1\r\n\r\n');
      await eventually(() => expect(taken[1]?.text).toBe('GET http://b/ HTTP/1.1\r\n\r\n'));
      expect(taken.map((entry) => entry.driver)).toEqual(['released', 'http']);
    });

    it.each([
      ['other bytes', '*1\r\n'],
      ['bytes that do not become a protocol', 'GE'],
    ])('carries %s as TCP', async (_, text) => {
      const { client, taken } = await silent();
      client.write(text);
      await eventually(() => expect(taken[1]).toMatchObject({ driver: 'tcp', text }));
    });

    it('carries an end as TCP', async () => {
      const { client, taken } = await silent();
      client.end();
      await eventually(() => expect(taken[1]).toMatchObject({ driver: 'tcp', hasEnded: true }));
    });
  });

  it.each([
    ['a port that is known to be TCP', { destination: { address: '192.0.2.10', port: 3306 } }],
    ['a service port that is declared as TCP', { protocol: 'tcp' as const }],
  ])('does not wait for bytes on %s', async (_, setup) => {
    const { dial, taken } = await world(setup);
    await dial();
    await eventually(() => expect(taken[0]?.driver).toBe('tcp'));
  });

  it.each([
    ['where only HTTP is spoken', { protocol: 'http' as const }],
    ['where the sidecar is used as a forward proxy', { isDirect: true }],
  ])('keeps a silent connection for HTTP %s', async (_, setup) => {
    const { dial, taken, acceptor } = await world({ ...setup, timeoutMs: 1 });
    const client = await dial();
    await eventually(() => expect(acceptor.undecided).toBe(1));
    // A later connection under the same bound shows that it has passed.
    const other = await world({ protocol: 'auto', timeoutMs: 1 });
    await other.dial();
    await eventually(() => expect(other.taken).toHaveLength(1));
    expect(taken).toHaveLength(0);
    client.write('GET / HTTP/1.1\r\n\r\n');
    await eventually(() => expect(taken[0]?.driver).toBe('http'));
  });

  it('hands bytes that are no HTTP to the HTTP driver where only HTTP is spoken, to be refused there', async () => {
    const { dial, taken } = await world({ protocol: 'grpc' });
    (await dial()).write('\0\x01\x02');
    await eventually(() => expect(taken[0]).toMatchObject({ driver: 'http', text: '\0\x01\x02' }));
  });

  it('lets a real HTTP server answer a request whose first bytes it has read', async () => {
    const server = createHttpServer((message, response) => {
      message.on('data', () => undefined).on('end', () => response.end(message.url));
    });
    const http: Driver = {
      accept: (socket) => server.emit('connection', socket),
      drain: () => Promise.resolve(),
      close: () => undefined,
    };
    const { address } = await world({ http });
    const answer = await fetch(`http://127.0.0.1:${address.port}/path`, {
      method: 'POST',
      body: 'x'.repeat(200_000),
    });
    expect(await answer.text()).toBe('/path');
  });

  it('carries an end that comes right after undecided bytes, or before any', async () => {
    const { dial, taken } = await world({ timeoutMs: 30 });
    (await dial()).end('GE');
    await eventually(() => expect(taken[0]).toMatchObject({ driver: 'tcp', text: 'GE', hasEnded: true }));
    (await dial()).end();
    await eventually(() => expect(taken[1]).toMatchObject({ driver: 'tcp', text: '', hasEnded: true }));
  });

  it('forgets a connection that is reset before it is decided', async () => {
    const { dial, taken, acceptor, connections } = await world();
    const client = await dial();
    client.write('GE');
    await eventually(() => expect([...connections].map((socket) => socket.bytesRead)).toEqual([2]));
    expect(acceptor.undecided).toBe(1);
    client.resetAndDestroy();
    await eventually(() => expect(acceptor.undecided).toBe(0));
    expect(taken).toHaveLength(0);
  });

  it('does not take its own listener for a destination, from the kernel or from a tunnel', async () => {
    const own = { address: '127.0.0.1', port: 15001 };
    const { dial, taken, acceptor } = await world({ destination: own, ownPort: 15001, protocol: 'tcp' });
    await dial();
    await eventually(() => expect(taken[0]?.connection.destination).toBeUndefined());
    const [first] = taken;
    if (first === undefined) throw new Error('nothing was taken');
    acceptor.acceptTunnel(first.socket, { ...first.connection, destination: own });
    expect(taken[1]?.connection.destination).toBeUndefined();
  });

  it('detects the protocol inside a tunnel and keeps its destination', async () => {
    const { dial, taken, acceptor } = await world({ protocol: 'auto' });
    const client = await dial();
    client.write('*1\r\n');
    await eventually(() => expect(taken).toHaveLength(1));
    const [outer] = taken;
    if (outer === undefined) throw new Error('nothing was taken');
    outer.socket.removeAllListeners('data').removeAllListeners('end').pause();
    const destination = { address: 'db.example.com', port: 443 };
    acceptor.acceptTunnel(outer.socket, { ...outer.connection, destination });
    client.write('GET / HTTP/1.1\r\n\r\n');
    await eventually(() =>
      expect(taken[1]).toMatchObject({ driver: 'http', text: 'GET / HTTP/1.1\r\n\r\n' }),
    );
    expect(taken[1]?.connection.destination).toBe(destination);
  });

  it('still takes a request whose client had just connected when the drain began', async () => {
    const { dial, taken, acceptor } = await world();
    const client = await dial();
    await eventually(() => expect(acceptor.undecided).toBe(1));
    const drained = acceptor.drain();
    client.write('GET http://b/x HTTP/1.1\r\n\r\n');
    await drained;
    expect(taken[0]?.driver).toBe('http');
    acceptor.close();
  });

  it('ends silent connections when it drains and lets those go on that have begun to speak', async () => {
    const { dial, taken, acceptor, connections } = await world();
    const silent = await dial();
    const speaking = await dial();
    speaking.write('GET http://b');
    const heard = () => [...connections].reduce((sum, socket) => sum + socket.bytesRead, 0);
    await eventually(() => expect([acceptor.undecided, heard()]).toEqual([2, 'GET http://b'.length]));
    const drained = acceptor.drain();
    await once(silent.resume(), 'end');
    speaking.write('/x HTTP/1.1\r\n\r\n');
    await eventually(() => expect(taken[0]?.text).toBe('GET http://b/x HTTP/1.1\r\n\r\n'));
    await drained;
    acceptor.close();
  });
});
