import { expect, test } from 'vitest';
import { refusal, type GrpcNacos } from '../testing/grpc-nacos.ts';
import { openTestClient, service, soon, startGrpcNacos, TEST_TIMINGS } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const [ECHO, TIME] = [service('echo'), service('time')];

const IMPATIENT = { ...TEST_TIMINGS, connect: 1000, healthTimeout: 500 };

/** Only what a hung server does within the test: the client's own patience is tested elsewhere. */
const fallSilent = (server: GrpcNacos): void => void (server.fault = () => 'silence');

test('tells nothing in an outage and, after it, what has changed; with one line at each end', async () => {
  const server = await startGrpcNacos();
  for (const each of [ECHO, TIME]) server.book.set(each, [host('10.0.0.1')]);
  const credentials = { username: 'lane', password: async () => 'SECRET' };
  const { client, follow, log, statuses } = openTestClient([server], { credentials });
  const [echo, time] = [follow('echo'), follow('time')];
  await soon(() => [...echo.told, ...time.told]).toEqual(['10.0.0.1', '10.0.0.1']);
  server.stop();
  await soon(() => log.events).toHaveLength(1);
  expect(client.status()).toMatchObject({
    state: 'lost',
    connections: 1,
    problem: expect.stringContaining('ECONN'),
  });
  server.book.set(ECHO, []);
  await server.start();
  await soon(() => echo.told).toEqual(['10.0.0.1', '']);
  await soon(() => server.subscribers(TIME)).toHaveLength(1);
  expect(time.told).toEqual(['10.0.0.1']);
  const at = `127.0.0.1:${server.address.port}`;
  expect(log.events).toEqual([
    {
      event: 'nacos_lost',
      fields: {
        ...{ registry: 'main', servers: [at], user: 'lane', code: 'nacos_unreachable' },
        problem: expect.stringMatching(
          new RegExp(`^Nacos server "main" at ${at} as user "lane": .*ECONNREFUSED`),
        ),
      },
    },
    {
      event: 'nacos_back',
      fields: { registry: 'main', servers: [at], user: 'lane', server: at, lastedMs: expect.any(Number) },
    },
  ]);
  expect(statuses.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1])).toEqual([
    'connected',
    'lost',
    'connected',
  ]);
});

test('tells of the new connection before any list that comes over it', async () => {
  const server = await startGrpcNacos();
  const { client } = openTestClient([server]);
  const order: string[] = [];
  client.onStatus(({ state, connections }) => order.push(`${state} ${connections}`));
  client.subscribe(ECHO, ({ instances }) => order.push(`${instances.length} instances`));
  await soon(() => order).toEqual(['connected 1', '0 instances']);
  server.stop();
  await soon(() => client.status().state).toBe('lost');
  server.book.set(ECHO, [host('10.0.0.1')]);
  await server.start();
  await soon(() => order.at(-1)).toBe('1 instances');
  expect(order.slice(-2)).toEqual(['connected 2', '1 instances']);
});

test('comes up before its server, and says meanwhile what it waits for', async () => {
  const server = await startGrpcNacos();
  server.stop();
  const { client, follow, log } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => client.status().problem).toContain('ECONNREFUSED');
  expect(client.status()).toMatchObject({ state: 'connecting', connections: 0 });
  await server.start();
  await soon(() => told).toEqual(['']);
  expect(log.events.map(({ event }) => event)).toEqual(['nacos_lost', 'nacos_back']);
});

test('finds a server that hangs, and is back when it goes on', async () => {
  const server = await startGrpcNacos();
  const { client, follow, log } = openTestClient([server], {}, { timings: IMPATIENT });
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  fallSilent(server);
  await soon(() => client.status()).toMatchObject({
    state: 'lost',
    problem: expect.stringContaining('DEADLINE'),
  });
  server.book.set(ECHO, [host('10.0.0.1')]);
  server.fault = () => undefined;
  await soon(() => told).toEqual(['', '10.0.0.1']);
  expect(log.events.map(({ event, fields }) => [event, fields['code']])).toEqual([
    ['nacos_lost', 'nacos_timeout'],
    ['nacos_back', undefined],
  ]);
});

test('bears with one health check that stays unanswered', async () => {
  const server = await startGrpcNacos();
  const { client } = openTestClient([server], {}, { timings: IMPATIENT });
  await client.query(ECHO);
  const checks = (): number => server.callsOf('HealthCheckRequest').length;
  const silent = checks() + 1;
  server.fault = ({ type }) => (type === 'HealthCheckRequest' && checks() === silent ? 'silence' : undefined);
  await soon(checks).toBeGreaterThan(silent + 2);
  expect(client.status()).toMatchObject({ state: 'connected', connections: 1 });
});

test('waits for a server that is starting, and for one that takes its time to register a client', async () => {
  const server = await startGrpcNacos();
  let early = 0;
  server.fault = ({ type }) => {
    const isEarly =
      (type === 'ServerCheckRequest' && early < 2) || (type === 'HealthCheckRequest' && early < 5);
    if (!isEarly) return undefined;
    early += 1;
    const errorCode = type === 'ServerCheckRequest' ? 300 : 301;
    return { type: 'ErrorResponse', body: { resultCode: 500, errorCode, message: 'not yet' } };
  };
  const { client, follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  expect(client.status().connections).toBe(1);
  expect(server.callsOf('ServerCheckRequest')).toHaveLength(3);
});

test.each(['HealthCheckRequest', 'SubscribeServiceRequest'])(
  'connects anew when a %s shows that the server knows its connection no more',
  async (type) => {
    const server = await startGrpcNacos();
    const { client, follow, log } = openTestClient([server]);
    const { told } = follow('echo');
    await soon(() => told).toEqual(['']);
    const [first] = server.clients;
    const unknown = { type: 'ErrorResponse', body: refusal(301, 'Connection is unregistered.') };
    server.fault = (call) => (call.type === type && call.peer === first ? unknown : undefined);
    follow('time');
    await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
    await soon(() => [...server.subscribers(ECHO), ...server.subscribers(TIME)]).toHaveLength(2);
    // It was back at once: no outage.
    expect(log.events).toEqual([]);
  },
);

test('speaks of no outage while there are members that it has not tried', async () => {
  const [away, there] = [await startGrpcNacos(), await startGrpcNacos()];
  away.stop();
  const { client, log } = openTestClient([away, there], {}, { random: () => 0 });
  await client.query(ECHO);
  there.endStreams();
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
  expect(log.events).toEqual([]);
});

test('connects anew after the server has ended the stream in order', async () => {
  const server = await startGrpcNacos();
  const { client, follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.endStreams();
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
});

test.each([
  ['bytes that are no message', Buffer.from([0xff, 0xff])],
  ['a message that is no JSON', Buffer.from('120c1a0a436f6e6e526573657452', 'hex')],
])('connects anew after %s on the stream', async (_, bytes) => {
  const server = await startGrpcNacos();
  const { client, follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.tellBytes(bytes);
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
  server.change(ECHO, [host('10.0.0.1')]);
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
  server.push(ECHO);
  await soon(() => told).toEqual(['', '10.0.0.1']);
});

test('gives up a server that asks and asks and does not read the answers', async () => {
  const server = await startGrpcNacos();
  const { client, follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  const [peer] = server.clients;
  server.stopReading();
  for (let at = 0; at < 5000; at++) {
    server.tell('ClientDetectionRequest', { requestId: `${at}`.padStart(1000, '0') }, peer);
  }
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
});

test('goes where the server sends it, and back to its own when that one is not there', async () => {
  const [own, other] = [await startGrpcNacos(), await startGrpcNacos()];
  const { client, follow, log } = openTestClient([own]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  const sendAway = (from: GrpcNacos): void =>
    from.tell('ConnectResetRequest', {
      requestId: '1',
      serverIp: '127.0.0.1',
      serverPort: String(other.address.port),
    });
  sendAway(own);
  await soon(() => other.subscribers(ECHO)).toHaveLength(1);
  expect(own.clients).toEqual([]);
  other.stop();
  await soon(() => own.subscribers(ECHO)).toHaveLength(1);
  sendAway(own);
  await soon(() => client.status().connections).toBe(4);
  expect(client.status().server).toBe(`127.0.0.1:${own.address.port}`);
  expect(log.events.every(({ event }) => event.startsWith('nacos_'))).toBe(true);
});

test.each([
  {},
  { serverIp: '', serverPort: '' },
  { serverIp: 'no host', serverPort: '80' },
  { serverIp: 1, serverPort: -1 },
])('goes on with its own servers when it is sent away to %j', async (target) => {
  const server = await startGrpcNacos();
  const { client, follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.tell('ConnectResetRequest', { requestId: '1', ...target });
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 2 });
  await soon(() => server.subscribers(ECHO)).toHaveLength(1);
});

test('moves to another member when its own one goes', async () => {
  const members = [await startGrpcNacos(), await startGrpcNacos(), await startGrpcNacos()];
  for (const member of members) member.book.set(ECHO, [host('10.0.0.1')]);
  const { client, follow } = openTestClient(members);
  const { told } = follow('echo');
  const used = (): GrpcNacos | undefined => members.find((member) => member.subscribers(ECHO).length === 1);
  for (let left = 2; left > 0; left--) {
    await soon(used).toBeDefined();
    used()?.stop();
  }
  await soon(() => client.status()).toMatchObject({ state: 'connected', connections: 3 });
  await soon(used).toBeDefined();
  expect(told).toEqual(['10.0.0.1']);
});

test('takes the word of a server whose clock is behind that of the one before', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { follow } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['10.0.0.1']);
  server.stop();
  server.book.set(ECHO, [host('10.0.0.2')]);
  server.book.clockMs = 5;
  await server.start();
  await soon(() => told).toEqual(['10.0.0.1', '10.0.0.2']);
});
