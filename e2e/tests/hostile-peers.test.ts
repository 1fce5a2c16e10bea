import { once } from 'node:events';
import { createServer } from 'node:http2';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { block, frame, literal, PREFACE } from '../fuzz/seeds.ts';
import { eventually } from '../harness/eventually.ts';
import { begin, response, send, type Place } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

const NOTHING = Buffer.alloc(0);
const GREETING = Buffer.concat([PREFACE, frame(4, 0, { stream: 0, payload: NOTHING })]);
const repeated = (bytes: Buffer): Buffer => Buffer.concat(Array<Buffer>(500).fill(bytes));

/** Name, what comes first, what comes again and again. */
const FLOODS: readonly (readonly [string, Buffer, Buffer])[] = [
  [
    'CONTINUATION',
    frame(1, 1, { stream: 1, payload: block('/flood') }),
    frame(9, 0, { stream: 1, payload: literal('x', 'y'.repeat(100)) }),
  ],
  ['PING', NOTHING, frame(6, 0, { stream: 0, payload: Buffer.alloc(8) })],
  ['SETTINGS', NOTHING, frame(4, 0, { stream: 0, payload: NOTHING })],
  [
    'empty DATA',
    frame(1, 4, { stream: 1, payload: block('/flood') }),
    frame(0, 0, { stream: 1, payload: NOTHING }),
  ],
];

describe('hostile peers', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    mesh = await startMesh({
      gateway: { idleTimeoutMs: '1500' },
      pods: [
        { name: 'A', service: 'a', sidecar: false },
        { name: 'B', service: 'b', sidecar: false },
        { name: 'U', service: 'u', sidecar: false, app: false },
      ],
      config: { gateway: { routes: ['a', 'b', 'u'].map((name) => ({ hosts: [name], service: name })) } },
    });
    close = () => mesh.close();
    for (const name of ['A', 'B']) mesh.pod(name).app.handler = (_request, answer) => answer.end(name);
  }, 60_000);
  afterAll(() => close());
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  function dial({ address, port }: Place): Socket {
    const socket = connect(port, address).on('error', () => undefined);
    ends.push(() => socket.destroy());
    return socket;
  }

  /** Every connection of an application, each answered with `answer` whenever something comes. */
  async function application(answer: (peer: Socket) => void): Promise<Socket[]> {
    const { address, port } = mesh.pod('U').appAt;
    const peers: Socket[] = [];
    const server = createTcpServer((peer) => {
      peers.push(peer.on('error', () => undefined));
      peer.once('data', () => answer(peer));
    });
    server.listen(port, address);
    await once(server, 'listening');
    ends.push(() => {
      server.close();
      for (const peer of peers) peer.destroy();
    });
    return peers;
  }

  async function isAtRest(): Promise<void> {
    expect((await send(mesh.gateway.entry, { host: 'a' })).text).toBe('A');
    for (const gauge of ['lanekeeper_requests_in_flight', 'lanekeeper_connections']) {
      await eventually(`${gauge} at zero`, async () => (await mesh.gateway.metric(gauge)) === 0);
    }
  }

  it.each(FLOODS)('cuts a client that floods it with %s frames', async (_name, first, again) => {
    const socket = dial(mesh.gateway.entry);
    socket.resume().write(Buffer.concat([GREETING, first]));
    const chunk = repeated(again);
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await eventually('the cut', () => socket.destroyed);
    await isAtRest();
  });

  it('cuts a client that never opens its window, and frees the application', async () => {
    let isFreed = false;
    const server = createServer().on('stream', (stream) => {
      stream.on('error', () => undefined).on('close', () => (isFreed = true));
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(200_000));
    });
    const { address, port } = mesh.pod('U').appAt;
    server.listen(port, address);
    await once(server, 'listening');
    ends.push(() => server.close());
    const noWindow = frame(4, 0, { stream: 0, payload: Buffer.from([0, 4, 0, 0, 0, 0]) });
    const socket = dial(mesh.gateway.entry);
    const asked = frame(1, 5, { stream: 1, payload: block('/') });
    socket.resume().write(Buffer.concat([PREFACE, noWindow, asked]));
    await eventually('the end at the application', () => isFreed);
    await eventually('the cut', () => socket.destroyed);
    await isAtRest();
  });

  it('answers an application that sends interim responses without end with 502', async () => {
    const peers = await application((peer) => {
      const hints = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100));
      const pump = (): void => {
        while (peer.writable && peer.write(hints));
      };
      peer.on('drain', pump);
      pump();
    });
    const answer = await send(mesh.gateway.entry, { host: 'u' });
    expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([502, 'upstream-malformed']);
    await eventually('the end of its connection', () => peers[0]?.destroyed);
    await isAtRest();
  });

  it('stops an endless body when its client has gone', async () => {
    const peers = await application((peer) => {
      const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
      const pump = (): void => {
        while (peer.writable && peer.write(chunk));
      };
      peer.on('drain', pump).write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      pump();
    });
    const request = begin(mesh.gateway.entry, { host: 'u' });
    request.end();
    const message = await response(request);
    message.on('error', () => undefined);
    await once(message, 'data');
    message.destroy();
    await eventually('the end of its connection', () => peers[0]?.destroyed);
    await isAtRest();
  });

  it('decides on each request of a connection by itself, also where they are pipelined', async () => {
    const hosts = ['a', 'b', 'nobody', 'b', 'a'];
    const socket = dial(mesh.gateway.entry);
    socket.end(hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(''));
    const statuses = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+) .*?\r\n\r\n([AB])?/gs)];
    expect(statuses.map(([, status, who]) => `${status} ${who ?? ''}`)).toEqual([
      '200 A',
      '200 B',
      '404 ',
      '200 B',
      '200 A',
    ]);
  });

  it('closes a connection on which nobody ever speaks', async () => {
    const socket = dial(mesh.gateway.entry);
    await once(socket.resume(), 'close');
    await isAtRest();
  });
});
