import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askPod, type PodPort } from './pod-port.ts';
import { ApiServer } from './testing/api-server.ts';
import { openCredentials } from './testing/open-client.ts';
import { servePodPorts, type FindPort } from './testing/pod-ports.ts';

const AT: PodPort = { namespace: 'shop', pod: 'a-1', port: 15_000 };
const PAIR = makePair('api');

let server: ApiServer;
let pod: Server;
let answer: RequestListener;
let find: FindPort;
let endAll: () => void;

beforeEach(async () => {
  server = new ApiServer({ tls: PAIR });
  await server.start();
  answer = (request, response) =>
    response.end(`${request.method ?? ''} ${request.url ?? ''} of ${request.headers.host ?? ''}`);
  pod = createServer((request, response) => answer(request, response));
  pod.listen(0, '127.0.0.1');
  await once(pod, 'listening');
  const at = { address: '127.0.0.1', port: (pod.address() as AddressInfo).port };
  find = ({ namespace, name, port }) =>
    `${namespace}/${name}:${port}` === 'shop/a-1:15000' ? at : undefined;
  endAll = servePodPorts(server, (asked) => find(asked));
});

afterEach(async () => {
  endAll();
  await server.stop();
  pod.close();
  pod.closeAllConnections();
});

function ask(path: string, options: Parameters<typeof askPod>[3] = {}): ReturnType<typeof askPod> {
  return askPod(openCredentials(server.url, { tls: { ca: PAIR.cert } }), AT, path, options);
}

it('asks the server at a pod’s port through the API server', async () => {
  expect(await ask('/hops?limit=1')).toEqual({ status: 200, body: 'GET /hops?limit=1 of 127.0.0.1' });
  expect(await ask('/drain', { method: 'POST' })).toMatchObject({ body: 'POST /drain of 127.0.0.1' });
});

it('reads an answer of megabytes whole, and one whose length nobody says', async () => {
  const body = 'x'.repeat(3_000_000);
  answer = (_, response) => {
    response.writeHead(206);
    response.write(body.slice(0, 100));
    response.end(body.slice(100));
  };
  const got = await ask('/');
  expect(got.status).toBe(206);
  expect(got.body === body).toBe(true);
});

it('serves many at a time', async () => {
  const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);
  const got = await Promise.all(paths.map((path) => ask(path)));
  expect(got.map(({ body }) => body)).toEqual(paths.map((path) => `GET ${path} of 127.0.0.1`));
});

it.each([
  ['a pod that is not there', undefined, 'there is no such pod (404)'],
  ['a port that nobody listens at', 'connection refused', 'connection refused'],
] as const)('says what is wrong with %s', async (_, found, message) => {
  find = () => found;
  await expect(ask('/')).rejects.toMatchObject({
    name: 'ApiError',
    message: `port 15000 of pod shop/a-1 cannot be asked: ${message}`,
  });
});

it('says what right is missing', async () => {
  server.upgrade = (_, socket) =>
    void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  await expect(ask('/')).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('may not create pods/portforward'),
  });
});

function sayNothing(who: 'the API server' | 'the pod'): void {
  if (who === 'the pod') answer = () => undefined;
  else server.upgrade = () => undefined;
}

it.each(['the API server', 'the pod'] as const)(
  'does not wait for ever where %s says nothing',
  async (who) => {
    sayNothing(who);
    await expect(ask('/', { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'port 15000 of pod shop/a-1 cannot be asked: no answer in 0.2 s',
    });
  },
);

it('rejects where there is no API server', async () => {
  await expect(askPod(openCredentials('https://localhost:1'), AT, '/')).rejects.toMatchObject({
    code: 'unreachable',
  });
});
