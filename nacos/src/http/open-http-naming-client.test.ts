import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished, test } from 'vitest';
import type { InstanceList } from '../instance.ts';
import type { NamingClient, NamingStatus } from '../naming-client.ts';
import type { SeenRequest } from '../testing/http-exchange.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { serverOptions } from '../testing/server-options.ts';
import { openHttpNamingClient } from './open-http-naming-client.ts';

const GROUP = 'DEFAULT_GROUP';
const KEY = { group: GROUP, name: 'stock' };
const one = { ip: '10.0.0.1', port: 80 };
const two = { ip: '10.0.0.2', port: 80, metadata: { version: 'gray' } };

interface Opened {
  readonly server: HttpNacos;
  readonly client: NamingClient;
  readonly log: RecordingLog;
}

async function open(more: readonly HttpNacos[] = []): Promise<Opened> {
  const server = await new HttpNacos().start();
  const log = createRecordingLog();
  const client = openHttpNamingClient(serverOptions([server, ...more]), { log });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  return { server, client, log };
}

function follow(client: NamingClient, key = KEY): { readonly heard: string[][]; readonly end: () => void } {
  const heard: string[][] = [];
  const end = client.subscribe(key, (list) => heard.push(addressesOf(list)));
  return { heard, end };
}

const addressesOf = ({ instances }: InstanceList): string[] =>
  instances.map(({ ip, port }) => `${ip}:${port}`);
const eventsOf = (log: RecordingLog): string[] => log.events.map(({ event }) => event);

test('tells the first list, each change of it, and that the last instance has left', async () => {
  const { server, client } = await open();
  server.services.instances.set(`${GROUP}@@stock`, [two, one]);
  const { heard } = follow(client);
  await expect.poll(() => heard).toEqual([['10.0.0.1:80', '10.0.0.2:80']]);
  server.services.instances.set(`${GROUP}@@stock`, [one, two]);
  await expect.poll(() => server.seen('GET', '/v1/ns/instance/list').length).toBeGreaterThan(2);
  server.services.instances.set(`${GROUP}@@stock`, [two]);
  await expect.poll(() => heard.length).toBe(2);
  server.services.instances.set(`${GROUP}@@stock`, []);
  await expect.poll(() => heard).toEqual([['10.0.0.1:80', '10.0.0.2:80'], ['10.0.0.2:80'], []]);
});

test('asks for what is followed once more, at once, and for nothing else', async () => {
  const { server, client } = await open();
  await client.refresh(KEY);
  expect(server.seen('GET', '/v1/ns/instance/list')).toEqual([]);
  const { heard } = follow(client);
  await expect.poll(() => heard).toEqual([[]]);
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await client.refresh(KEY);
  expect(heard).toEqual([[], ['10.0.0.1:80']]);
  await server.stop();
  await client.refresh(KEY);
  expect(heard).toHaveLength(2);
});

test('tells a change of metadata, of health and of the protection', async () => {
  const { server, client } = await open();
  const lists: InstanceList[] = [];
  const put = (instance: object): unknown =>
    server.services.instances.set(`${GROUP}@@stock`, [{ ...one, ...instance }]);
  put({});
  client.subscribe(KEY, (list) => lists.push(list));
  await expect.poll(() => lists.length).toBe(1);
  put({ metadata: { version: 'gray' } });
  await expect.poll(() => lists.at(-1)?.instances[0]?.metadata).toEqual({ version: 'gray' });
  put({ healthy: false });
  await expect.poll(() => lists.at(-1)?.instances[0]?.healthy).toBe(false);
  server.services.isProtected = true;
  await expect.poll(() => lists.at(-1)?.isProtected).toBe(true);
  expect(lists).toHaveLength(4);
});

test('asks with the group, the namespace and for the unhealthy too', async () => {
  const server = await new HttpNacos({ contextPath: '' }).start();
  const client = openHttpNamingClient(
    { ...serverOptions([server]), contextPath: '', namespace: 'dev' },
    { log: createRecordingLog() },
  );
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  await client.query({ group: 'G', name: '库存' });
  expect(Object.fromEntries(server.seen('GET', '/v1/ns/instance/list')[0]?.params ?? [])).toEqual({
    ...{ serviceName: 'G@@库存', groupName: 'G', healthyOnly: 'false', namespaceId: 'dev' },
  });
});

test('lists the services of a group over all pages, also where the server makes them smaller', async () => {
  const { server, client } = await open();
  const names = Array.from({ length: 1234 }, (_, index) => `s${String(index).padStart(4, '0')}`);
  for (const name of names) server.services.instances.set(`${GROUP}@@${name}`, []);
  server.services.instances.set('OTHER@@elsewhere', []);
  expect(await client.listServices(GROUP)).toEqual(names);
  server.services.pageLimit = 100;
  expect(await client.listServices(GROUP)).toHaveLength(1234);
  expect(await client.listServices('OTHER')).toEqual(['elsewhere']);
  expect(await client.listServices('NONE')).toEqual([]);
});

test('asks no more for a service that nobody follows', async () => {
  const { server, client } = await open();
  const first = follow(client);
  const second = follow(client);
  await expect.poll(() => [first.heard.length, second.heard.length]).toEqual([1, 1]);
  first.end();
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await expect.poll(() => second.heard.length).toBe(2);
  second.end();
  const before = server.seen('GET', '/v1/ns/instance/list').length;
  const other = follow(client, { group: GROUP, name: 'other' });
  await expect.poll(() => other.heard.length).toBe(1);
  const asked = server.seen('GET', '/v1/ns/instance/list').slice(before);
  expect(asked.map(({ params }) => params.get('serviceName'))).not.toContain(`${GROUP}@@stock`);
  expect(first.heard).toHaveLength(1);
});

test('keeps still in an outage, with one line at each end, and tells afterwards what has changed', async () => {
  const { server, client, log } = await open();
  const stages: string[] = [];
  client.onStatus(({ state, connections }) => stages.push(`${state} ${connections}`));
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  await server.stop();
  await expect.poll(() => client.status().state).toBe('lost');
  expect(client.status().problem).toContain('127.0.0.1');
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_unreachable' });
  server.services.instances.set(`${GROUP}@@stock`, []);
  await server.start();
  await expect.poll(() => heard).toEqual([['10.0.0.1:80'], []]);
  expect(stages).toEqual(['connected 1', 'lost 1', 'connected 2']);
  expect(eventsOf(log)).toEqual(['nacos_lost', 'nacos_back']);
});

test('asks a server that is away no more than now and then', async () => {
  const { server, client, log } = await open();
  for (let index = 0; index < 50; index++) follow(client, { group: GROUP, name: `s${index}` });
  await expect.poll(() => client.status().state).toBe('connected');
  server.fault = () => ({ status: 503, body: 'server is STARTING now, please try again later!' });
  await expect.poll(() => client.status().state).toBe('lost');
  const probes = (): readonly SeenRequest[] => server.seen('GET', '/v1/ns/service/list');
  const from = probes().length;
  const polls = server.seen('GET', '/v1/ns/instance/list').length;
  await expect.poll(() => probes().length).toBeGreaterThan(from + 2);
  const [first, last] = [probes()[from], probes()[from + 2]];
  expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1000);
  // Some were under way.
  expect(server.seen('GET', '/v1/ns/instance/list').length - polls).toBeLessThanOrEqual(16);
  expect(eventsOf(log)).toEqual(['nacos_lost']);
  expect(client.status().problem).toContain('server is STARTING now');
});

test('knows a server that hangs, and is right again once it goes on', async () => {
  const { server, client } = await open();
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  server.fault = () => 'stall';
  await expect.poll(() => client.status().state, { timeout: 10_000 }).toBe('lost');
  server.fault = () => undefined;
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await expect.poll(() => heard.length).toBe(2);
});

test('goes to another member when one is away, and counts that as a new connection', async () => {
  const other = await new HttpNacos().start();
  onTestFinished(() => other.stop());
  const { server, client, log } = await open([other]);
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  other.services.instances.set(`${GROUP}@@stock`, [one]);
  const statuses: NamingStatus[] = [];
  client.onStatus((status) => statuses.push(status));
  await server.stop();
  await expect.poll(() => heard.length).toBe(2);
  expect(statuses).toMatchObject([
    { state: 'connected', connections: 2, server: `127.0.0.1:${other.address.port}` },
  ]);
  expect(eventsOf(log)).toEqual([]);
});

test('waits for a server that is not there at the start', async () => {
  const server = await new HttpNacos().start();
  await server.stop();
  const log = createRecordingLog();
  const client = openHttpNamingClient(serverOptions([server]), { log });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const { heard } = follow(client);
  await expect.poll(() => client.status().problem).toBeDefined();
  expect(client.status().state).toBe('connecting');
  await server.start();
  await expect.poll(() => heard).toEqual([[]]);
  expect(eventsOf(log)).toEqual(['nacos_lost', 'nacos_back']);
});

test('follows the others while the server refuses one service, and asks for that one less often', async () => {
  const { server, client, log } = await open();
  server.fault = ({ params }) =>
    params.get('serviceName') === `${GROUP}@@bad`
      ? { status: 500, body: 'caused: service is disabled' }
      : undefined;
  const bad = follow(client, { group: GROUP, name: 'bad' });
  const good = follow(client);
  await expect.poll(() => good.heard.length).toBe(1);
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await expect.poll(() => good.heard.length).toBe(2);
  expect(log.events).toMatchObject([
    {
      event: 'nacos_service_refused',
      fields: { service: `${GROUP}@@bad`, problem: expect.stringContaining('caused: service is disabled') },
    },
  ]);
  server.fault = () => undefined;
  await expect.poll(() => bad.heard).toEqual([[]]);
  expect(eventsOf(log)).toEqual(['nacos_service_refused', 'nacos_services_accepted']);
  expect(client.status().state).toBe('connected');
});

test('goes on where a listener fails', async () => {
  const { server, client, log } = await open();
  client.subscribe(KEY, () => {
    throw new Error('boom');
  });
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await expect.poll(() => heard.length).toBe(2);
  expect(eventsOf(log)).toEqual(['nacos_listener_failed', 'nacos_listener_failed']);
});

test.each([
  ['a page for browsers', '<html>login</html>'],
  ['half an answer', '{"hosts": ['],
  ['a list', '[]'],
  ['no list of hosts', '{"hosts": "none"}'],
])('takes %s for no answer', async (_, body) => {
  const { server, client } = await open();
  server.fault = ({ path }) => (path === '/v1/ns/instance/list' ? { status: 200, body } : undefined);
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_answer_malformed' });
});

test('logs in, and again when the server forgets its tokens', async () => {
  const { server, client } = await open();
  server.users.passwords.set('lane', 'secret');
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_not_permitted' });
  const log = createRecordingLog();
  const known = openHttpNamingClient(
    { ...serverOptions([server]), credentials: { username: 'lane', password: async () => 'secret' } },
    { log },
  );
  onTestFinished(() => known.close());
  await expect.poll(() => known.status().state).toBe('connected');
  expect(await known.query(KEY)).toMatchObject({ instances: [] });
  expect(JSON.stringify(log.events)).not.toContain('secret');
});

test('ends everything within a moment, and tells nothing afterwards', async () => {
  const { server, client } = await open();
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  server.fault = () => 'stall';
  const waiting = client.query(KEY).catch((error: unknown) => error);
  await client.close();
  expect(await waiting).toMatchObject({ code: 'nacos_closed' });
  await expect.poll(() => server.connections).toBe(0);
  const { length } = server.requests;
  server.fault = () => undefined;
  server.services.instances.set(`${GROUP}@@stock`, [one]);
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_closed' });
  expect([heard.length, server.requests.length]).toEqual([1, length]);
});
