import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import type { EdgeCertificate, EdgeListener, EdgeRule } from '@lanekeeper/protocol/edge';
import type { Log } from '@lanekeeper/runtime/log';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHarness } from './exchange/exchange.fixture.ts';
import { createGateway } from './gateway.ts';
import { testCertificate } from './listen/edge/testing/test-certificate.ts';
import { backend, listener, rule } from './route/edge/edge.fixture.ts';
import { contextOf, endpoint, mesh, service } from './route/mesh.fixture.ts';
import { createEdge } from './serve-edge.ts';
import { eventually } from './wire/testing/eventually.ts';
import { LIMITS } from './wire/testing/generous-limits.ts';
import { listen } from './wire/testing/start-driver.ts';

/** Routing and drivers together: real sockets in front and behind. */

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

interface Origin {
  readonly port: number;
  readonly seen: Seen[];
}

async function startOrigin(name: string): Promise<Origin> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    request.resume().once('end', () => response.setHeader('x-origin', name).end(name));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: await listen(server), seen };
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface RunningGateway {
  readonly port: number;
  readonly a: Origin;
  readonly b: Origin;
  readonly hops: ReturnType<typeof createHarness>['hops'];
}

/** Services `a` and `b`, one endpoint each. */
async function startGateway(
  listenersAt: (port: number) => readonly EdgeListener[],
  certificates: Readonly<Record<string, EdgeCertificate>> = {},
): Promise<RunningGateway> {
  const [a, b, port] = [await startOrigin('a'), await startOrigin('b'), await freePort()];
  const at = (origin: Origin) => ({ endpoints: [endpoint('127.0.0.1', { ports: { 80: origin.port } })] });
  const config = { listeners: listenersAt(port), certificates };
  const services = [service('a', at(a)), service('b', at(b))];
  const context = contextOf({ ...mesh({ services }), edge: config });
  const harness = createHarness();
  const edge = createEdge({
    hosts: ['127.0.0.1'],
    retryMs: 20,
    direction: {
      direction: 'gateway',
      handler: createGateway({ context: () => context, exchanges: harness.exchanges }),
      limits: LIMITS,
      detect: { timeoutMs: 100, tcpPorts: new Set() },
      protocolOf: () => 'http',
      originalDestination: () => undefined,
      isOwnListener: () => false,
      connections: { add: () => undefined },
      log: SILENT,
    },
  });
  onTestFinished(() => edge.close());
  edge.apply(config);
  await eventually('the ports', () => edge.state().every(({ state }) => state === 'listening'));
  return { port, a, b, hops: harness.hops };
}

function rules(...some: readonly EdgeRule[]): (port: number) => readonly EdgeListener[] {
  return (port) => [listener(some, { port })];
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(port: number, { path = '/', method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, method, agent: false };
    const fields = { host: 'www.example.com', ...headers };
    const request = httpRequest({ ...options, headers: fields }, (response) => {
      readBody(response).then(
        (text) => resolve({ status: response.statusCode, headers: response.headers, body: text }),
        reject,
      );
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

const prefix = (path: string) => ({ match: { path: { prefix: path } } });

describe('a gateway with its sockets', () => {
  test('rewrites, changes headers, and tells the application of the client', async () => {
    const { port, a } = await startGateway(
      rules(
        rule('r', {
          ...prefix('/shop'),
          rewrite: { host: 'inner.example.com', path: { prefix: '/' } },
          requestHeaders: { set: { 'x-set': 'rule' }, add: { 'x-add': 'rule' }, remove: ['x-remove'] },
          responseHeaders: { set: { 'x-answer': 'rule' }, add: {}, remove: ['x-origin'] },
        }),
      ),
    );
    const headers = { 'x-set': 'client', 'x-add': 'client', 'x-remove': '1', 'x-forwarded-for': '1.2.3.4' };
    const answer = await ask(port, { path: '/shop/cart?id=7', headers });
    expect(answer).toMatchObject({ status: 200, body: 'a', headers: { 'x-answer': 'rule' } });
    expect(answer.headers).not.toHaveProperty('x-origin');
    expect(a.seen).toMatchObject([
      {
        url: '/cart?id=7',
        headers: {
          ...{
            host: 'inner.example.com',
            'x-set': 'rule',
            'x-add': 'client, rule',
            'x-real-ip': '127.0.0.1',
          },
          ...{
            'x-forwarded-for': '127.0.0.1',
            'x-forwarded-host': 'www.example.com',
            'x-forwarded-proto': 'http',
          },
          'x-request-id': 'new-id',
        },
      },
    ]);
    expect(a.seen[0]?.headers).not.toHaveProperty('x-remove');
  });

  test('answers redirects, preflights and what nobody claims by itself', async () => {
    const cors = {
      ...{ allowOrigins: ['https://x.com'], allowMethods: ['PUT'], allowHeaders: [], exposeHeaders: [] },
      allowCredentials: false,
    };
    const { port, a, hops } = await startGateway(
      rules(
        rule('to https', { ...prefix('/old'), action: { kind: 'redirect', status: 301, scheme: 'https' } }),
        rule('cors', { ...prefix('/api'), cors }),
      ),
    );
    expect(await ask(port, { path: '/old/x?y' })).toMatchObject({
      status: 301,
      headers: { location: 'https://www.example.com/old/x?y' },
    });
    const headers = { origin: 'https://x.com', 'access-control-request-method': 'PUT' };
    expect(await ask(port, { path: '/api', method: 'OPTIONS', headers })).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': 'https://x.com', 'access-control-allow-methods': 'PUT' },
    });
    expect(await ask(port, { path: '/nowhere' })).toMatchObject({
      status: 404,
      headers: { 'x-lanekeeper-error': 'no-route' },
    });
    expect((await ask(port, { path: '/api/%2e%2e/old' })).status).toBe(400);
    expect(a.seen).toEqual([]);
    expect(hops.read({}, 10).map(({ status, route }) => [status, route])).toEqual([
      [400, undefined],
      [404, undefined],
      [200, 'cors'],
      [301, 'to https'],
    ]);
  });

  test('sends canaries and copies where they belong, and bounds bodies', async () => {
    const canary = { name: 'Ingress shop/b', backend: backend('b'), header: { name: 'x-canary' } };
    const mirrors = [{ service: { name: 'b', namespace: 'default' }, port: 80, percent: 100 }];
    const { port, a, b } = await startGateway(
      rules(
        rule('mirrored', { ...prefix('/m'), mirrors }),
        rule('r', { canaries: [canary], maxBodyBytes: 4 }),
      ),
    );
    expect((await ask(port, { headers: { 'x-canary': 'always' } })).body).toBe('b');
    expect((await ask(port, { headers: { 'x-canary': 'never' } })).body).toBe('a');
    expect((await ask(port, { method: 'POST', body: '12345' })).status).toBe(413);
    const before = [a.seen.length, b.seen.length];
    expect((await ask(port, { path: '/m', method: 'POST', body: 'copied' })).body).toBe('a');
    await eventually('the copy', () => b.seen.length === (before[1] ?? 0) + 1);
    expect(b.seen.at(-1)?.url).toBe('/m');
  });

  test('keeps a client at its endpoint by the cookie that it sets', async () => {
    const affinity = { cookie: 'route', mode: 'balanced', canary: 'sticky' } as const;
    const action = { kind: 'forward', backends: [backend('a'), backend('b')] } as const;
    const { port } = await startGateway(rules(rule('r', { affinity, action })));
    const first = await ask(port);
    const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect(cookie).toMatch(/^route=/);
    const again = await ask(port, { headers: { cookie } });
    expect(again.body).toBe(first.body);
    expect(again.headers).not.toHaveProperty('set-cookie');
  });

  test('sends a request back that comes on the connection of another listener', async () => {
    const certificates = { both: testCertificate('a.test', 'b.test') };
    const https = { protocol: 'https', certificates: ['both'] } as const;
    const { port } = await startGateway(
      (at) => [
        listener([rule('of a')], { ...https, port: at, host: 'a.test' }),
        listener([rule('of b')], { ...https, port: at, host: 'b.test' }),
      ],
      certificates,
    );
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      servername: 'a.test',
      rejectUnauthorized: false,
    });
    onTestFinished(() => session.destroy());
    const statusOf = (authority: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': '/', ':authority': authority });
        stream.once('response', (headers) => resolve(headers[':status'])).once('error', reject);
        stream.resume().end();
      });
    expect(await statusOf('a.test')).toBe(200);
    expect(await statusOf('b.test')).toBe(421);
    expect(await statusOf('c.test')).toBe(404);
  });
});
