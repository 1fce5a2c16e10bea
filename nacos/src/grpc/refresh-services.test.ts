import { expect, test } from 'vitest';
import { openTestClient, service, soon, startGrpcNacos } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const ECHO = service('echo');

test('what is followed can be asked for once more, and is told before the answer is over', async () => {
  const server = await startGrpcNacos();
  const { follow, client } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  server.book.set(ECHO, [host('10.0.0.1')]);
  await Promise.all([client.refresh(ECHO), client.refresh(ECHO)]);
  expect(told).toEqual(['', '10.0.0.1']);
  await client.refresh(ECHO);
  expect(told).toHaveLength(2);
});

test('what has just been subscribed is asked for once, and is there then', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  const { follow, client } = openTestClient([server]);
  await soon(() => client.status().state).toBe('connected');
  const { told } = follow('echo');
  await client.refresh(ECHO);
  expect(told).toEqual(['10.0.0.1']);
  expect(server.callsOf('SubscribeServiceRequest')).toHaveLength(1);
});

test('an answer that was under way does not count for who asks later', async () => {
  const server = await startGrpcNacos();
  const { follow, client } = openTestClient([server]);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  const first = client.refresh(ECHO);
  const second = client.refresh(ECHO);
  await first;
  server.book.set(ECHO, [host('10.0.0.1')]);
  await Promise.all([second, client.refresh(ECHO)]);
  expect(told).toEqual(['', '10.0.0.1']);
});

test('nobody waits for what cannot be asked for: nobody follows it, it is refused, the server is lost', async () => {
  const server = await startGrpcNacos();
  const { follow, client } = openTestClient([server]);
  await client.refresh(ECHO);
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  const calls = (): number => server.callsOf('SubscribeServiceRequest').length;
  const before = calls();
  const refusal = { body: { resultCode: 500, errorCode: 403, message: 'no' } };
  server.fault = ({ type }) => (type === 'SubscribeServiceRequest' ? refusal : undefined);
  await client.refresh(ECHO);
  await client.refresh(ECHO);
  expect(calls()).toBe(before + 1);
  server.fault = ({ type }) => (type === 'SubscribeServiceRequest' ? 'silence' : undefined);
  follow('other');
  const waiting = client.refresh(service('other'));
  await soon(calls).toBeGreaterThan(before + 1);
  server.stop();
  await waiting;
});
