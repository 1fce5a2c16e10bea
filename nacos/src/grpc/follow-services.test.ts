import { expect, test } from 'vitest';
import { openTestClient, service, soon, startGrpcNacos, TEST_TIMINGS } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const ECHO = service('echo');

test('tells the first list, each change and the last instance’s leaving, once each', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['10.0.0.1']);
  server.change(ECHO, [host('10.0.0.1'), host('10.0.0.2')]);
  server.push(ECHO);
  server.change(ECHO, [host('10.0.0.2'), host('10.0.0.1')]);
  server.change(ECHO, []);
  await soon(() => told).toEqual(['10.0.0.1', '10.0.0.1 10.0.0.2', '']);
  expect(server.callsOf('SubscribeServiceRequest').map(({ body }) => body)).toEqual([
    { namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: 'echo', subscribe: true, clusters: '' },
  ]);
});

test('tells the empty list of a service that there is not', async () => {
  const server = await startGrpcNacos();
  const { told } = openTestClient([server]).follow('nobody');
  await soon(() => told).toEqual(['']);
});

test.each([
  ['health', { healthy: false }],
  ['weight', { weight: 'NaN' }],
  ['metadata', { metadata: { lane: 'gray' } }],
  ['cluster', { clusterName: 'east' }],
])('tells a change of an instance’s %s', async (_, fields) => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { lists } = openTestClient([server]).follow('echo');
  await soon(() => lists).toHaveLength(1);
  server.change(ECHO, [host('10.0.0.1', fields)]);
  await soon(() => lists).toHaveLength(2);
  server.change(ECHO, [host('10.0.0.1', fields)]);
  server.change(ECHO, []);
  await soon(() => lists).toHaveLength(3);
});

test('tells that the protection threshold has been reached', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { lists } = openTestClient([server]).follow('echo');
  await soon(() => lists.map(({ isProtected }) => isProtected)).toEqual([false]);
  server.book.isProtected = true;
  server.push(ECHO);
  await soon(() => lists.map(({ isProtected }) => isProtected)).toEqual([false, true]);
});

test('answers each push with its id, and a question whether it is there', async () => {
  const server = await startGrpcNacos();
  const { told } = openTestClient([server]).follow('echo');
  await soon(() => told).toEqual(['']);
  server.push(ECHO);
  server.tell('ClientDetectionRequest', { requestId: '8' });
  server.tell('SetupAckRequest', { requestId: '9' });
  server.tell('OfAnotherAgeRequest', { requestId: '10' });
  const answered = (): unknown => server.acknowledged.map(({ type, body }) => [type, body]);
  await soon(answered).toEqual([
    ['NotifySubscriberResponse', { resultCode: 200, requestId: '7' }],
    ['ClientDetectionResponse', { resultCode: 200, requestId: '8' }],
    ['SetupAckResponse', { resultCode: 200, requestId: '9' }],
  ]);
});

test('takes a push whose request has no id, and one that names its service with the group', async () => {
  const server = await startGrpcNacos();
  const { told } = openTestClient([server]).follow('echo');
  await soon(() => told).toEqual(['']);
  const info = { ...server.book.info(ECHO), name: 'DEFAULT_GROUP@@echo', hosts: [host('10.0.0.9')] };
  server.tell('NotifySubscriberRequest', { serviceInfo: info });
  await soon(() => told).toEqual(['', '10.0.0.9']);
});

test('does not tell what a later list has overtaken', async () => {
  const server = await startGrpcNacos();
  const { follow, reported } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.change(ECHO, [host('10.0.0.2')]);
  server.push(ECHO, { hosts: [host('10.0.0.1')], lastRefTime: 10 });
  await soon(() => reported['overtaken']).toBe(1);
  server.change(ECHO, [host('10.0.0.3')]);
  await soon(() => told).toEqual(['', '10.0.0.2', '10.0.0.3']);
});

test('goes on after a push that cannot be read, and passes over one that nobody wants', async () => {
  const server = await startGrpcNacos();
  const { follow, reported, client } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  for (const serviceInfo of [undefined, 'x', { hosts: 5 }, { hosts: [{}], name: 5 }]) {
    server.tell('NotifySubscriberRequest', { serviceInfo });
  }
  server.tell('NotifySubscriberRequest', { serviceInfo: server.book.info(service('other')) });
  server.change(ECHO, [host('10.0.0.2')]);
  await soon(() => told).toEqual(['', '10.0.0.2']);
  expect(reported).toMatchObject({ malformed: 3, unwanted: 2, told: 1 });
  expect(client.status().connections).toBe(1);
});

test('finds by asking again what a push has failed to tell, and counts it', async () => {
  const server = await startGrpcNacos();
  const { follow, reported } = openTestClient(
    [server],
    {},
    { timings: { ...TEST_TIMINGS, auditEvery: 200 } },
  );
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.book.set(ECHO, [host('10.0.0.1')]);
  await soon(() => told).toEqual(['', '10.0.0.1']);
  await soon(() => reported['missed']).toBe(1);
  const asked = server.callsOf('SubscribeServiceRequest').length;
  await soon(() => server.callsOf('SubscribeServiceRequest').length).toBeGreaterThan(asked + 1);
  expect(reported['missed']).toBe(1);
});

test('tells every listener of a service, the late one as well, and asks the server once', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { follow } = openTestClient([server]);
  const [first, second] = [follow('echo'), follow('echo')];
  await soon(() => [...first.told, ...second.told]).toEqual(['10.0.0.1', '10.0.0.1']);
  const late = follow('echo');
  expect(late.told).toEqual([]);
  await soon(() => late.told).toEqual(['10.0.0.1']);
  first.end();
  server.change(ECHO, []);
  await soon(() => late.told).toEqual(['10.0.0.1', '']);
  expect(second.told).toEqual(['10.0.0.1', '']);
  expect(first.told).toEqual(['10.0.0.1']);
  expect(server.callsOf('SubscribeServiceRequest')).toHaveLength(1);
});

test('lets the server know when nobody follows a service any more, and again when somebody does', async () => {
  const server = await startGrpcNacos();
  const { follow } = openTestClient([server]);
  const first = follow('echo');
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
  await soon(() => first.told).toEqual(['']);
  first.end();
  await soon(() => server.subscribers(ECHO)).toEqual([]);
  const second = follow('echo');
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
  server.change(ECHO, [host('10.0.0.1')]);
  await soon(() => second.told.at(-1)).toBe('10.0.0.1');
  expect(first.told).toEqual(['']);
});

test('follows and unfollows in one breath without losing the last wish', async () => {
  const server = await startGrpcNacos();
  const { follow } = openTestClient([server]);
  for (let round = 0; round < 20; round++) follow('echo').end();
  const last = follow('echo');
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
  server.change(ECHO, [host('10.0.0.1')]);
  await soon(() => last.told.at(-1)).toBe('10.0.0.1');
});

test('follows hundreds of services with at most 64 requests at a time', async () => {
  const server = await startGrpcNacos();
  const names = Array.from({ length: 400 }, (_, index) => `s${index}`);
  for (const name of names) server.book.set(service(name), [host('10.0.0.1')]);
  const { follow, client } = openTestClient([server]);
  expect(await client.listServices('DEFAULT_GROUP')).toHaveLength(400);
  const followed = names.map((name) => follow(name));
  await soon(() => followed.every(({ told }) => told.length === 1)).toBe(true);
  expect(server.mostAtOnce).toBeGreaterThan(8);
  // A health check may come on top.
  expect(server.mostAtOnce).toBeLessThanOrEqual(65);
});

test('a listener that throws costs nothing but a line in the log', async () => {
  const server = await startGrpcNacos();
  const { client, follow, log } = openTestClient([server]);
  client.subscribe(ECHO, () => {
    throw new Error('mine');
  });
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.change(ECHO, [host('10.0.0.1')]);
  await soon(() => told).toEqual(['', '10.0.0.1']);
  expect(log.events.map(({ event }) => event)).toEqual(['nacos_listener_failed', 'nacos_listener_failed']);
  expect(client.status()).toMatchObject({ state: 'connected', connections: 1 });
});
