import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { ProbeTable } from '@lanekeeper/protocol/probes';
import { expect, onTestFinished, test } from 'vitest';
import { createProber } from './prober.ts';

const HOST = '127.0.0.1';
const PATH = '/probe/app/liveness';
type Probe = ProbeTable[string];

function listen(server: NetServer): Promise<number> {
  onTestFinished(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

const serve = (listener: RequestListener): Promise<number> => listen(createHttpServer(listener));

function httpProbe(port: number, more: Partial<Extract<Probe, { kind: 'http' }>> = {}): Probe {
  return { kind: 'http', port, path: '/healthz', scheme: 'HTTP', headers: [], timeoutMs: 10_000, ...more };
}

const ask = (probe: Probe) => createProber({ [PATH]: probe }, HOST).ask(PATH);

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.each([
  [200, true],
  [204, true],
  [304, true],
  [399, true],
  [400, false],
  [404, false],
  [500, false],
])('an answer %i is healthy: %s', async (status, isHealthy) => {
  const port = await serve((_, response) => response.writeHead(status).end());
  expect(await ask(httpProbe(port))).toEqual({
    isHealthy,
    sentence: `http://127.0.0.1:${port}/healthz answers ${status}`,
  });
});

test('asks as the kubelet does, with the headers of the probe', async () => {
  const seen: Record<string, unknown> = {};
  const port = await serve((request, response) => {
    Object.assign(seen, { method: request.method, url: request.url, ...request.headers });
    response.end();
  });
  const headers = [
    { name: 'Host', value: 'app.example.com' },
    { name: 'X-Probe', value: 'yes' },
  ];
  await ask(httpProbe(port, { path: 'ok?a=1', headers }));
  expect(seen).toMatchObject({
    ...{ method: 'GET', url: '/ok?a=1', host: 'app.example.com', 'x-probe': 'yes', accept: '*/*' },
    'user-agent': expect.stringMatching(/^kube-probe\//),
  });
});

test('follows redirects of its own host, not for ever', async () => {
  const port = await serve((request, response) => {
    const [, rounds = '0'] = /^\/(\d+)$/.exec(request.url ?? '') ?? [];
    if (rounds === '0') response.writeHead(503).end();
    else response.writeHead(302, { location: `/${Number(rounds) - 1}` }).end();
  });
  expect((await ask(httpProbe(port, { path: '/3' })))?.sentence).toContain('/0 answers 503');
  const endless = await ask(httpProbe(port, { path: '/20' }));
  expect(endless).toMatchObject({ isHealthy: false });
  expect(endless?.sentence).toContain('redirects more than 10 times');
});

test('a redirect to another host is an answer by itself', async () => {
  const port = await serve((_, response) => {
    response.writeHead(302, { location: 'http://192.0.2.1/' }).end();
  });
  expect(await ask(httpProbe(port))).toMatchObject({ isHealthy: true });
});

test('asks over TLS without checking the certificate', async () => {
  const file = (name: string): Buffer =>
    readFileSync(new URL(`../discovery/testdata/${name}`, import.meta.url));
  const tls = { cert: file('tls.crt'), key: file('tls.key') };
  const port = await listen(createHttpsServer(tls, (_, response) => response.end()));
  expect(await ask(httpProbe(port, { scheme: 'HTTPS' }))).toMatchObject({ isHealthy: true });
  expect(await ask(httpProbe(port))).toMatchObject({ isHealthy: false });
});

test('reads no more of a body than it needs', async () => {
  let written = 0;
  const port = await serve((_, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length;
      written += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  expect(await ask(httpProbe(port))).toMatchObject({ isHealthy: true });
  expect(written).toBeLessThan(64 * 1024 * 1024);
});

test('is unhealthy when the answer takes too long', async () => {
  const port = await serve(() => undefined);
  expect(await ask(httpProbe(port, { timeoutMs: 20 }))).toMatchObject({ isHealthy: false });
  const silent = await listen(createTcpServer(() => undefined));
  expect(await ask({ kind: 'grpc', port: silent, service: '', timeoutMs: 20 })).toEqual({
    isHealthy: false,
    sentence: `127.0.0.1:${silent} does not answer its health check: no answer in time`,
  });
});

test('is unhealthy when nobody listens, and says where', async () => {
  const port = await deadPort();
  const probes: readonly Probe[] = [
    httpProbe(port),
    { kind: 'tcp', port, timeoutMs: 10_000 },
    { kind: 'grpc', port, service: '', timeoutMs: 10_000 },
  ];
  for (const probe of probes) {
    const finding = await ask(probe);
    expect(finding?.isHealthy).toBe(false);
    expect(finding?.sentence).toContain(`127.0.0.1:${port}`);
    expect(finding?.sentence).toContain('ECONNREFUSED');
  }
});

test('a TCP probe is healthy when the connection is accepted', async () => {
  const port = await listen(createTcpServer((socket) => socket.end()));
  expect(await ask({ kind: 'tcp', port, timeoutMs: 10_000 })).toEqual({
    isHealthy: true,
    sentence: `127.0.0.1:${port} accepts connections`,
  });
});

/** A health service as grpc-js serves it; the message is read and written by hand. */
async function startHealth(status: (service: string) => Buffer | { code: number }): Promise<number> {
  const server = new Server();
  const bytes = (buffer: Buffer): Buffer => buffer;
  server.addService(
    {
      check: {
        ...{ path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false },
        ...{ requestSerialize: bytes, responseSerialize: bytes },
        ...{ requestDeserialize: bytes, responseDeserialize: bytes },
      },
    },
    {
      check(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        const found = status(call.request.subarray(call.request.length > 130 ? 3 : 2).toString());
        if (Buffer.isBuffer(found)) answer(null, found);
        else answer({ code: found.code, details: 'no' });
      },
    },
  );
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

test('a gRPC probe is healthy when the health service says SERVING of the service that is meant', async () => {
  const long = 'x'.repeat(200);
  const port = await startHealth((service) => {
    if (service === 'shop.Orders' || service === long) return Buffer.from([0x08, 1]);
    return service === '' ? Buffer.from([0x08, 2]) : { code: 5 };
  });
  const check = (service: string) => ask({ kind: 'grpc', port, service, timeoutMs: 10_000 });
  expect(await check('shop.Orders')).toEqual({
    isHealthy: true,
    sentence: `127.0.0.1:${port} (shop.Orders) says SERVING`,
  });
  expect((await check(long))?.isHealthy).toBe(true);
  expect(await check('')).toEqual({ isHealthy: false, sentence: `127.0.0.1:${port} says NOT_SERVING` });
  expect((await check('other'))?.sentence).toContain('ends with gRPC status 5');
});

test('a gRPC probe of a server without the health service, or of another protocol, is unhealthy', async () => {
  const none = await startHealth(() => Buffer.alloc(0));
  expect((await ask({ kind: 'grpc', port: none, service: '', timeoutMs: 10_000 }))?.sentence).toContain(
    'UNKNOWN',
  );
  const http1 = await serve((_, response) => response.end());
  expect(await ask({ kind: 'grpc', port: http1, service: '', timeoutMs: 10_000 })).toMatchObject({
    isHealthy: false,
  });
});

test('asks the application once at a time, however many want to know', async () => {
  let asked = 0;
  const answers: (() => void)[] = [];
  const port = await serve((_, response) => {
    asked += 1;
    answers.push(() => response.end());
  });
  const prober = createProber({ [PATH]: httpProbe(port) }, HOST);
  const findings = Array.from({ length: 50 }, async () => prober.ask(PATH));
  await expect.poll(() => answers.length).toBe(1);
  answers[0]?.();
  expect((await Promise.all(findings)).every((finding) => finding?.isHealthy)).toBe(true);
  const next = prober.ask(PATH);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.();
  await next;
  expect(asked).toBe(2);
});

test('knows no other path', () => {
  const prober = createProber({ [PATH]: httpProbe(1) }, HOST);
  expect(prober.ask('/probe/app/readiness')).toBeUndefined();
  expect(prober.ask('constructor')).toBeUndefined();
});
