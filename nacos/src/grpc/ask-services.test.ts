import { expect, test } from 'vitest';
import { NacosError } from '../nacos-error.ts';
import { MAX_PAYLOAD_BYTES } from './wire/payload.ts';
import { refusal, type Fault } from '../testing/grpc-nacos.ts';
import { openTestClient, service, startGrpcNacos, TEST_TIMINGS } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const ECHO = service('echo');
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof NacosError ? error.code : error),
  );

test('asks for the instances of a service, the unhealthy ones included', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.2', { healthy: false, weight: 0 }), host('10.0.0.1')]);
  const { client } = openTestClient([server], { namespace: 'blue' });
  expect(await client.query(ECHO)).toMatchObject({
    isProtected: false,
    instances: [
      { ip: '10.0.0.1', healthy: true },
      { ip: '10.0.0.2', healthy: false, weight: 0 },
    ],
  });
  expect(server.callsOf('ServiceQueryRequest')[0]?.body).toEqual({
    ...{ namespace: 'blue', groupName: 'DEFAULT_GROUP', serviceName: 'echo' },
    ...{ cluster: '', healthyOnly: false, udpPort: 0 },
  });
});

test('lists the services of a group over all pages', async () => {
  const server = await startGrpcNacos();
  for (let at = 0; at < 5001; at++) server.book.set({ group: 'g', name: `s${at}` }, []);
  server.book.set({ group: 'other', name: 'x' }, []);
  server.book.set({ group: 'g', name: '订单@@a' }, []);
  const { client } = openTestClient([server]);
  const names = await client.listServices('g');
  expect(names).toHaveLength(5002);
  expect(names).toContain('订单@@a');
  expect(server.callsOf('ServiceListRequest').map(({ body }) => body['pageNo'])).toEqual([1, 2]);
});

test('says who it is when it connects, and that it reads names', async () => {
  const server = await startGrpcNacos();
  const { client } = openTestClient([server], { namespace: 'blue' });
  await client.query(ECHO);
  expect(server.callsOf('ConnectionSetupRequest')[0]?.body).toMatchObject({
    tenant: 'blue',
    labels: { source: 'sdk', module: 'naming' },
  });
});

test.each<[string, Fault, string]>([
  ['garbage', Buffer.from([1, 2, 3]), 'nacos_answer_malformed'],
  ['nothing', Buffer.alloc(0), 'nacos_answer_malformed'],
  ['more than it takes', Buffer.alloc(MAX_PAYLOAD_BYTES + 1), 'nacos_answer_malformed'],
  ['an answer to something else', { type: 'HealthCheckResponse', body: {} }, 'nacos_answer_malformed'],
  ['no service', { body: { resultCode: 200 } }, 'nacos_answer_malformed'],
  ['no list', { body: { resultCode: 200, serviceInfo: { hosts: 'x' } } }, 'nacos_answer_malformed'],
  ['an error', { type: 'ErrorResponse', body: refusal(500, 'no') }, 'nacos_refused'],
  ['silence', 'silence', 'nacos_timeout'],
])('rejects with its reason when the server answers with %s, and goes on', async (_, fault, code) => {
  const server = await startGrpcNacos();
  const request = fault === 'silence' ? 500 : TEST_TIMINGS.request;
  const { client } = openTestClient([server], {}, { timings: { ...TEST_TIMINGS, request } });
  server.fault = ({ type }) => (type === 'ServiceQueryRequest' ? fault : undefined);
  expect(await codeOf(client.query(ECHO))).toBe(code);
  server.fault = () => undefined;
  expect(await client.query(ECHO)).toEqual({ instances: [], isProtected: false });
  expect(client.status().connections).toBe(1);
});

test('rejects at once, with server and user, while no server is there', async () => {
  const server = await startGrpcNacos();
  server.stop();
  const credentials = { username: 'lane', password: async () => 'SECRET' };
  const { client } = openTestClient([server], { credentials });
  for (let time = 0; time < 3; time++) {
    const error: unknown = await client.query(ECHO).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'nacos_unreachable',
      message: expect.stringMatching(
        /^Nacos server "main" at 127\.0\.0\.1:\d+ as user "lane": .*ECONNREFUSED/,
      ),
    });
    expect(String(error)).not.toContain('SECRET');
  }
});

test('asks a member that is there at once, without a pause, although another one is not', async () => {
  const [away, there] = [await startGrpcNacos(), await startGrpcNacos()];
  away.stop();
  let drawn = 0;
  const random = (): number => {
    drawn += 1;
    return 0;
  };
  const { client, log } = openTestClient([away, there], {}, { random });
  expect(await client.query(ECHO)).toEqual({ instances: [], isProtected: false });
  expect(client.status()).toMatchObject({ state: 'connected', server: `127.0.0.1:${there.address.port}` });
  expect(log.events).toEqual([]);
  // One for where to begin; a pause would have drawn another.
  expect(drawn).toBe(1);
});

test('waits for the next connection when it is asked in the moment that one is lost', async () => {
  const server = await startGrpcNacos();
  const { client } = openTestClient([server]);
  await client.query(ECHO);
  const asked = new Promise((resolve, reject) => {
    client.onStatus(({ state }) => {
      if (state === 'lost') client.query(ECHO).then(resolve, reject);
    });
  });
  server.endStreams();
  expect(await asked).toEqual({ instances: [], isProtected: false });
});
