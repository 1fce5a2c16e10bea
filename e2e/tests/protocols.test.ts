import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { echoOverHttp1, echoOverHttp2, overHttp1, overHttp2, type EchoClient } from '../harness/echo.ts';
import { eventually } from '../harness/eventually.ts';
import { callUnary, chat, grpcClient, startGrpcApp } from '../harness/grpc-app.ts';
import { begin, readAnswer, response, tunnel, type Place } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';
import { PRE_SHARED_KEY, TLS_OPTIONS } from './netns/programs/pre-shared-key.ts';

const MEBIBYTE = 1024 * 1024;
const SPEC = {
  pods: [
    { name: 'Caller', service: 'caller' },
    { name: 'Web', service: 'web' },
    { name: 'H2', service: 'h2', app: false },
    { name: 'Grpc', service: 'grpc', app: false },
    { name: 'Grpcgray', service: 'grpc', lane: 'gray', app: false },
    { name: 'Raw', service: 'raw', app: false },
    { name: 'Bare', service: 'bare', sidecar: false },
  ],
  config: {
    groups: [{ name: 'demo', services: ['grpc', 'web', 'h2'] }],
    lanes: [{ name: 'gray', group: 'demo' }],
  },
};

describe('protocols, through the sidecar of the caller and that of the callee', () => {
  let mesh: Mesh;
  const ends: (() => unknown)[] = [];
  let h2Sessions = 0;

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    ends.push(() => mesh.close());
    const h2 = echoOverHttp2(() => (h2Sessions += 1));
    h2.listen(mesh.pod('H2').appAt.port, mesh.pod('H2').appAt.address);
    await once(h2, 'listening');
    ends.push(() => h2.close());
    for (const name of ['Grpc', 'Grpcgray']) {
      const server: GrpcServer = await startGrpcApp(name, mesh.pod(name).appAt);
      ends.push(() => server.forceShutdown());
    }
  }, 60_000);
  afterAll(() => Promise.all(ends.map((end) => end())));
  afterEach(() => {
    mesh.pod('Web').app.handler = undefined;
    mesh.pod('Web').app.server.removeAllListeners('upgrade');
  });

  const outbound = (): Place => mesh.pod('Caller').proxy.entry;

  const clients: Record<string, () => EchoClient> = {
    'http/1.1': () => {
      mesh.pod('Web').app.handler = echoOverHttp1;
      return overHttp1(outbound());
    },
    h2c: () => overHttp2(outbound()),
  };

  describe.each(['http/1.1', 'h2c'])('%s', (protocol) => {
    let client: EchoClient;
    const open = (): EchoClient => (client = clients[protocol]?.() ?? client);
    afterEach(() => client.close());

    it('carries a body of 16 MiB both ways, and trailers both ways', async () => {
      const body = randomBytes(16 * MEBIBYTE);
      const echo = await open().ask({ body, trailers: { 'x-checksum': 'abc' } });
      expect(echo.body.length).toBe(body.length);
      expect(digest(echo.body)).toBe(digest(body));
      expect(echo.trailers['x-after']).toBe('done');
      expect(echo.requestTrailers['x-checksum']).toBe('abc');
    });

    it('serves request after request on one connection', async () => {
      const opened = open();
      for (const word of ['one', 'two', 'three', 'four']) {
        expect((await opened.ask({ body: Buffer.from(word) })).body.toString()).toBe(word);
      }
    });

    it('brings trace headers to the application as they were sent, repeated and oddly spaced ones too', async () => {
      const headers = [
        ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
        ['tracestate', 'rojo=00f067aa0ba902b7 ,  congo=t61rcWkgMzE'],
        ['tracestate', ''],
        ['tracestate', 'third=1'],
        ['x-request-id', 'r-1'],
        ['b3', '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1'],
      ] as const;
      const { seen } = await open().ask({ headers });
      const names = new Set<string>(headers.map(([name]) => name));
      expect(seen.filter(([name]) => names.has(name))).toEqual(headers);
      const ours = seen.map(([name]) => name).filter((name) => /lanekeeper|baggage|via|forwarded/.test(name));
      expect(ours).toEqual([]);
    });
  });

  it('shares the connection between the sidecars by the streams of many clients', async () => {
    const opened = Array.from({ length: 5 }, () => overHttp2(outbound()));
    await Promise.all(opened.map((client) => client.ask()));
    for (const client of opened) client.close();
    expect(h2Sessions).toBeLessThanOrEqual(2);
  });

  it('leaves the spelling and order of HTTP/1.1 headers alone, and adds none', async () => {
    const sent = ['Host', 'web', 'TraceParent', '00-bad', 'X-b', '2', 'X-b', '3', 'ACCEPT', '*/*'];
    let seen: readonly string[] = [];
    mesh.pod('Web').app.handler = (request, answer) => {
      seen = request.rawHeaders;
      answer.end();
    };
    const request = begin(outbound(), { headers: sent });
    request.end();
    await readAnswer(await response(request));
    expect(seen).toEqual(sent);
  });

  it('asks the application before a client that expects 100-continue sends its body', async () => {
    mesh.pod('Web').app.handler = (request, answer) => request.pipe(answer);
    const request = begin(outbound(), {
      host: 'web',
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': '4' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');
    expect((await readAnswer(await response(request))).text).toBe('body');
  });

  it('lets an application answer before it has read the request', async () => {
    mesh.pod('Web').app.handler = (_request, answer) => answer.writeHead(413).end('too much');
    const request = begin(outbound(), {
      host: 'web',
      method: 'POST',
      headers: { 'content-length': '99999999' },
    });
    request.write('only a beginning');
    const answer = await readAnswer(await response(request));
    expect([answer.status, answer.text]).toEqual([413, 'too much']);
    request.destroy();
  });

  it('tells the application when the client has gone, before and after the head of the answer', async () => {
    const told: string[] = [];
    const reached: string[] = [];
    mesh.pod('Bare').app.handler = (request, answer) => {
      const path = request.url ?? '';
      reached.push(path);
      answer.on('close', () => told.push(path));
      if (path === '/answered') answer.write('first');
    };
    const [silent, answered] = ['/silent', '/answered'].map((path) =>
      begin(outbound(), { host: 'bare', path }),
    );
    silent?.end();
    answered?.end();
    await eventually('both are being answered', () => reached.length === 2);
    // An end alone could be a client that still reads; a reset cannot.
    for (const request of [silent, answered]) request?.socket?.resetAndDestroy();
    await eventually('both are told', () => told.length === 2);
  });

  it('carries a WebSocket both ways, with its close code', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    mesh.pod('Web').app.server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (peer) => {
        peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
        peer.on('close', (code) => closed.push(code));
      });
    });
    const closed: number[] = [];
    const { address, port } = outbound();
    const client = new WebSocket(`ws://${address}:${port}/chat`, { headers: { host: 'web' } });
    await once(client, 'open');
    const big = randomBytes(MEBIBYTE);
    client.send('hello');
    const [hello] = (await once(client, 'message')) as [Buffer];
    client.send(big);
    const [echo] = (await once(client, 'message')) as [Buffer];
    client.close(4001);
    await eventually('the close at the application', () => closed.length === 1);
    expect([hello.toString(), echo.equals(big), closed]).toEqual(['hello', true, [4001]]);
  });

  it('carries gRPC, unary and bidirectional, each call of one connection in its own lane', async () => {
    const client = grpcClient(outbound(), 'grpc');
    try {
      const lanes = [undefined, 'gray', undefined, 'gray'];
      const names = await Promise.all(lanes.map((lane) => callUnary(client, 'hi', lane)));
      expect(names).toEqual(['Grpc: hi', 'Grpcgray: hi', 'Grpc: hi', 'Grpcgray: hi']);
      const talk = await chat(client, ['one', 'two', 'three'], 'gray');
      expect(talk.answers).toEqual(['Grpcgray: one', 'Grpcgray: two', 'Grpcgray: three']);
      expect(talk.status).toBe(0);
      expect(talk.trailer).toBe('3 messages');
    } finally {
      client.close();
    }
  });

  it('hands on the status of a failed gRPC call, and cancels at the application what the client cancels or is too late', async () => {
    const client = grpcClient(outbound(), 'grpc');
    try {
      await expect(callUnary(client, 'fail', undefined)).rejects.toMatchObject({
        code: 9,
        details: 'as asked: ünïcode',
      });
      await expect(callUnary(client, 'wait', undefined, { deadlineMs: 50 })).rejects.toMatchObject({
        code: 4,
      });
      const cancelled = await chat(client, ['wait'], undefined, { cancelAfter: 1 });
      expect(cancelled.status).toBe(1);
      await eventually('the cancellation at the application', async () => {
        return (await callUnary(client, 'cancellations', undefined)) === 'Grpc: 2';
      });
    } finally {
      client.close();
    }
  });

  it('passes TLS through, byte for byte', async () => {
    const sent = randomBytes(MEBIBYTE);
    const server = createTlsServer({ ...TLS_OPTIONS, pskCallback: () => PRE_SHARED_KEY }, (peer) =>
      peer.pipe(peer),
    );
    await withRaw(server, async () => {
      const socket = connectTls({
        ...TLS_OPTIONS,
        socket: await tunnel(outbound(), 'raw:80'),
        checkServerIdentity: () => undefined,
        pskCallback: () => ({ psk: PRE_SHARED_KEY, identity: 'test' }),
      });
      socket.end(sent);
      const received = await buffer(socket);
      expect(received.equals(sent)).toBe(true);
    });
    const { proxy } = mesh.pod('Caller');
    await eventually(
      'the stream is counted',
      async () => (await proxy.metric('lanekeeper_streams_total', { result: 'ok' })) === 1,
    );
  });

  it('brings the greeting of a server that speaks first to a client that waits for it', async () => {
    const server = createServer({ allowHalfOpen: true }, (peer: Socket) => {
      peer.write('220 ready\r\n');
      peer.on('end', () => peer.end('221 bye\r\n'));
      peer.resume();
    });
    await withRaw(server, async () => {
      const socket = await tunnel(outbound(), 'raw:80');
      const [greeting] = (await once(socket, 'data')) as [Buffer];
      expect(greeting.toString()).toBe('220 ready\r\n');
      // The client has said its end; the server has not.
      socket.end('QUIT\r\n');
      expect(await text(socket)).toBe('221 bye\r\n');
    });
  });

  async function withRaw(server: TcpServer, use: () => Promise<void>): Promise<void> {
    const { address, port } = mesh.pod('Raw').appAt;
    const peers = new Set<Socket>();
    server.on('connection', (peer: Socket) => peers.add(peer.on('error', () => undefined)));
    server.listen(port, address);
    await once(server, 'listening');
    try {
      await use();
    } finally {
      server.close();
      for (const peer of peers) peer.destroy();
    }
  }
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
