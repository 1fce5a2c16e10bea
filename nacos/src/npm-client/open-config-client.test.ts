import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ConfigClient } from '../config-client.ts';
import type { ServerOptions } from '../server-options.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { serverOptions } from '../testing/server-options.ts';
import { openConfigClient } from './open-config-client.ts';

const GROUP = 'DEFAULT_GROUP';
const KEY = { dataId: 'lanekeeper-demo.yaml', group: GROUP };

interface Opened {
  readonly server: HttpNacos;
  readonly client: ConfigClient;
  readonly log: RecordingLog;
}

async function open(overrides: Partial<ServerOptions> = {}): Promise<Opened> {
  const server = await new HttpNacos().start();
  const log = createRecordingLog();
  const client = openConfigClient({ ...serverOptions([server]), ...overrides }, { log });
  const written = vi.spyOn(console, 'error');
  onTestFinished(async () => {
    await client.close();
    await server.stop();
    expect(written.mock.calls).toEqual([]);
    written.mockRestore();
  });
  return { server, client, log };
}

function follow(
  client: ConfigClient,
  key = KEY,
): { readonly heard: (string | undefined)[]; readonly end: () => void } {
  const heard: (string | undefined)[] = [];
  return { heard, end: client.follow(key, (content) => heard.push(content)) };
}

const eventsOf = (log: RecordingLog): string[] =>
  log.events.map(({ event }) => event).filter((event) => event !== 'nacos_package_error');
const polls = (server: HttpNacos): number => server.seen('POST', '/v1/cs/configs/listener').length;

test('tells the content, each change, that it was removed and that it is there again', async () => {
  const { server, client } = await open();
  server.configs.publish(KEY.dataId, GROUP, 'lanes: []');
  const { heard } = follow(client);
  await expect.poll(() => heard).toEqual(['lanes: []']);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  server.configs.publish(KEY.dataId, GROUP, '泳道: [gray]');
  await expect.poll(() => heard.length).toBe(2);
  server.configs.remove(KEY.dataId, GROUP);
  await expect.poll(() => heard.length).toBe(3);
  server.configs.publish(KEY.dataId, GROUP, 'lanes: []');
  await expect.poll(() => heard).toEqual(['lanes: []', '泳道: [gray]', undefined, 'lanes: []']);
});

test('tells that there is none', async () => {
  const { client } = await open();
  const { heard } = follow(client);
  await expect.poll(() => heard).toEqual([undefined]);
});

test('sees a change of what was followed later at once too', async () => {
  const { server, client } = await open();
  const first = follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  const later = follow(client, { dataId: 'later.yaml', group: GROUP });
  await expect.poll(() => later.heard.length).toBe(1);
  server.configs.publish('later.yaml', GROUP, 'a: 1');
  await expect.poll(() => later.heard).toEqual([undefined, 'a: 1']);
  expect(first.heard).toEqual([undefined]);
});

test('tells nobody who has left, and a second one what the first one knows', async () => {
  const { server, client } = await open();
  server.configs.publish(KEY.dataId, GROUP, 'a: 1');
  const [left, stays] = [follow(client), follow(client)];
  await expect.poll(() => [left.heard, stays.heard]).toEqual([['a: 1'], ['a: 1']]);
  const late = follow(client);
  await expect.poll(() => late.heard).toEqual(['a: 1']);
  left.end();
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  server.configs.publish(KEY.dataId, GROUP, 'a: 2');
  await expect.poll(() => [stays.heard.at(-1), late.heard.at(-1)]).toEqual(['a: 2', 'a: 2']);
  expect(left.heard).toEqual(['a: 1']);
});

test('keeps still in an outage: one line at each end, one request a second, what is known stays', async () => {
  const { server, client, log } = await open();
  server.configs.publish(KEY.dataId, GROUP, 'a: 1');
  const { heard } = follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  server.fault = () => 'reset';
  await server.stop();
  await server.start();
  await expect.poll(() => client.problems().length).toBe(1);
  const from = server.requests.length;
  await expect.poll(() => server.requests.length).toBeGreaterThan(from + 2);
  const [first, third] = [server.requests[from], server.requests[from + 2]];
  expect((third?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1500);
  expect([heard, eventsOf(log)]).toEqual([['a: 1'], ['nacos_config_lost']]);
  server.configs.publish(KEY.dataId, GROUP, 'a: 2');
  server.fault = () => undefined;
  await expect.poll(() => heard).toEqual(['a: 1', 'a: 2']);
  expect(client.problems()).toEqual([]);
  expect(eventsOf(log)).toEqual(['nacos_config_lost', 'nacos_config_back']);
});

test('waits for a server that is not there at the start, with one request a second for all configurations', async () => {
  const { server, client, log } = await open();
  server.fault = () => ({ status: 503, body: 'server is STARTING now, please try again later!' });
  const followed = Array.from({ length: 10 }, (_, index) =>
    follow(client, { dataId: `d${index}`, group: GROUP }),
  );
  await expect.poll(() => client.problems()).toEqual([expect.stringContaining('server is STARTING now')]);
  // Until the first one has failed, each tries for itself.
  await expect.poll(() => server.requests.length).toBeGreaterThanOrEqual(10);
  const from = server.requests.length;
  await expect.poll(() => server.requests.length).toBeGreaterThan(from + 2);
  expect((server.requests[from + 2]?.atMs ?? 0) - (server.requests[from]?.atMs ?? 0)).toBeGreaterThan(1500);
  server.fault = () => undefined;
  await expect.poll(() => followed.every(({ heard }) => heard.length === 1)).toBe(true);
  expect(eventsOf(log)).toEqual(['nacos_config_lost', 'nacos_config_back']);
});

test('does not poll in a hot loop where the server finds each content new', async () => {
  const { server, client } = await open();
  server.configs.publish(KEY.dataId, GROUP, 'a: 1');
  server.configs.hasWrongMd5 = true;
  const { heard } = follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(3);
  const [first, , , fourth] = server.seen('POST', '/v1/cs/configs/listener');
  expect((fourth?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1400);
  expect(heard).toEqual(['a: 1']);
});

test('reads content in the encoding that the server names, without a byte order mark', async () => {
  const { server, client } = await open();
  // 泳道 in GBK.
  server.configs.publish('gbk', GROUP, Buffer.from([0xd3, 0xbe, 0xb5, 0xc0]));
  server.configs.contentType = 'text/plain;charset=GBK';
  const gbk = follow(client, { dataId: 'gbk', group: GROUP });
  await expect.poll(() => gbk.heard).toEqual(['泳道']);
  server.configs.contentType = 'text/plain;charset=no-such';
  server.configs.publish('marked', GROUP, '\uFEFFa: 1');
  const marked = follow(client, { dataId: 'marked', group: GROUP });
  await expect.poll(() => marked.heard).toEqual(['a: 1']);
});

test('says which configuration it may not read, and reads the others', async () => {
  const { server, client, log } = await open();
  server.fault = ({ params }) =>
    params.get('dataId') === 'secret'
      ? { status: 403, body: '{"message":"authorization failed!"}' }
      : undefined;
  const { heard } = follow(client, { dataId: 'secret', group: GROUP });
  const other = follow(client);
  await expect.poll(() => other.heard).toEqual([undefined]);
  await expect
    .poll(() => client.problems())
    .toEqual([
      expect.stringMatching(
        /read configuration secret of group DEFAULT_GROUP and answers HTTP 403: authorization failed!/,
      ),
    ]);
  expect([heard, eventsOf(log)]).toEqual([[], ['nacos_config_lost']]);
});

test('says that a data id is none that Nacos takes', async () => {
  const { client } = await open();
  follow(client, { dataId: '泳道.yaml', group: GROUP });
  await expect.poll(() => client.problems()).toEqual([expect.stringContaining('泳道.yaml')]);
});

test('asks for the public namespace without a name', async () => {
  const { server, client } = await open({ namespace: 'public' });
  follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  expect(server.requests.some(({ params }) => params.has('tenant'))).toBe(false);
  expect(server.requests.at(-1)?.params.get('Listening-Configs')).not.toContain('public');
});

test('goes on where a listener fails', async () => {
  const { server, client, log } = await open();
  client.follow(KEY, () => {
    throw new Error('boom');
  });
  await expect.poll(() => eventsOf(log)).toEqual(['nacos_config_listener_failed']);
  const { heard } = follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  server.configs.publish(KEY.dataId, GROUP, 'a: 1');
  await expect.poll(() => heard.at(-1)).toBe('a: 1');
});

test('shows a token with each request, and tells neither it nor the password', async () => {
  const credentials = { username: 'lane', password: async () => 'a-secret' };
  const { server, client, log } = await open({ credentials, namespace: 'dev' });
  server.users.passwords.set('lane', 'a-secret');
  const { heard } = follow(client);
  await expect.poll(() => heard.length).toBe(1);
  server.fault = () => ({ status: 500, body: 'no: accessToken=token-1&password=a-secret' });
  await server.stop();
  await server.start();
  await expect.poll(() => client.problems().length).toBeGreaterThan(0);
  const [read] = server.seen('GET', '/v1/cs/configs');
  expect(Object.fromEntries(read?.params ?? [])).toEqual({ ...KEY, tenant: 'dev', accessToken: 'token-1' });
  expect(JSON.stringify([log.events, client.problems()])).not.toMatch(/a-secret|token-1/);
});

test('ends within a moment while a poll is under way, and leaves nothing behind', async () => {
  const { server, client } = await open();
  const { heard } = follow(client);
  await expect.poll(() => polls(server)).toBeGreaterThan(0);
  await client.close();
  await expect.poll(() => server.connections).toBe(0);
  const { length } = server.requests;
  server.configs.publish(KEY.dataId, GROUP, 'a: 1');
  follow(client);
  await client.close();
  expect([heard, server.requests.length]).toEqual([[undefined], length]);
});
