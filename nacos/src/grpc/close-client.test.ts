import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { expect, test } from 'vitest';
import { NacosError } from '../nacos-error.ts';
import { openTestClient, service, soon, startGrpcNacos } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const ECHO = service('echo');
const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  return error instanceof NacosError ? error.code : error;
};

test('lets the server see that it has gone, and tells nobody anything afterwards', async () => {
  const server = await startGrpcNacos();
  const { client, follow, statuses, log } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  await client.close();
  server.change(ECHO, [host('10.0.0.1')]);
  await soon(() => server.clients).toEqual([]);
  expect(told).toEqual(['']);
  expect(statuses.map(({ state }) => state)).toEqual(['connected']);
  expect(log.events).toEqual([]);
  expect(await codeOf(client.query(ECHO))).toBe('nacos_closed');
  expect(() => client.subscribe(ECHO, () => undefined)).toThrow(NacosError);
});

test('ends what is asked of a server that hangs', async () => {
  const server = await startGrpcNacos();
  const { client } = openTestClient([server]);
  await client.query(ECHO);
  server.fault = ({ type }) => (type === 'ServiceQueryRequest' ? 'silence' : undefined);
  const asked = client.query(ECHO);
  await soon(() => server.callsOf('ServiceQueryRequest')).toHaveLength(2);
  await client.close();
  expect(await codeOf(asked)).toBe('nacos_closed');
});

test.each(['ServerCheckRequest', 'HealthCheckRequest'])(
  'ends while it connects to a server that has not answered the %s',
  async (silentType) => {
    const server = await startGrpcNacos();
    server.fault = ({ type }) => (type === silentType ? 'silence' : undefined);
    const { client } = openTestClient([server]);
    const asked = codeOf(client.query(ECHO));
    await soon(() => server.callsOf(silentType)).toHaveLength(1);
    await client.close();
    expect(await asked).toBe('nacos_closed');
    await soon(() => server.clients).toEqual([]);
  },
);

test('ends in an outage, and tries no more', async () => {
  const server = await startGrpcNacos();
  server.stop();
  const { client } = openTestClient([server]);
  expect(await codeOf(client.query(ECHO))).toBe('nacos_unreachable');
  await client.close();
  await client.close();
  await server.start();
  expect(await codeOf(client.query(ECHO))).toBe('nacos_closed');
  expect(server.calls).toEqual([]);
});

test('speaks TLS with a server that the given authority has signed, and with no other', async () => {
  const [pair, other] = [makePair('nacos'), makePair('other')];
  const server = await startGrpcNacos(pair);
  const trusting = openTestClient([server], { tls: { ca: pair.cert } });
  expect(await trusting.client.query(ECHO)).toEqual({ instances: [], isProtected: false });
  for (const tls of [{ ca: other.cert }, { ca: undefined }, undefined]) {
    const { client } = openTestClient([server], { tls });
    expect(await codeOf(client.query(ECHO))).toBe('nacos_unreachable');
  }
});
