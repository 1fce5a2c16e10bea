import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Registrar, Registration } from '../registrar.ts';
import type { ServerOptions } from '../server-options.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { serverOptions } from '../testing/server-options.ts';
import { openRegistrar } from './open-registrar.ts';

const SERVICE = 'G@@stock';

function registration(ip: string, overrides: Partial<Registration> = {}): Registration {
  const service = { group: 'G', name: 'stock' };
  return { service, ip, port: 80, cluster: 'DEFAULT', weight: 1, metadata: {}, ...overrides };
}

interface Opened {
  readonly server: HttpNacos;
  readonly registrar: Registrar;
  readonly log: RecordingLog;
}

function openFor(server: HttpNacos, overrides: Partial<ServerOptions> = {}): Omit<Opened, 'server'> {
  const log = createRecordingLog();
  const registrar = openRegistrar({ ...serverOptions([server]), ...overrides }, { log });
  onTestFinished(() => registrar.close());
  return { registrar, log };
}

async function open(overrides: Partial<ServerOptions> = {}): Promise<Opened> {
  const server = await new HttpNacos().start();
  const written = vi.spyOn(console, 'error');
  onTestFinished(async () => {
    await server.stop();
    expect(written.mock.calls).toEqual([]);
    written.mockRestore();
  });
  return { server, ...openFor(server, overrides) };
}

const addressesOf = (server: HttpNacos): string[] =>
  (server.services.instances.get(SERVICE) ?? []).map(({ ip }) => ip).toSorted();
const eventsOf = (log: RecordingLog): string[] =>
  log.events.map(({ event }) => event).filter((event) => event !== 'nacos_package');

test('registers exactly what is to be kept: what is new, what has changed, and without what is no more', async () => {
  const { server, registrar } = await open({ namespace: 'dev' });
  const gray = { weight: 0, cluster: 'c1', metadata: { 'lanekeeper.io/lane': 'gray', 名: '值' } };
  registrar.keep([registration('10.0.0.1'), registration('10.0.0.2', gray)]);
  await expect.poll(() => addressesOf(server)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(server.services.instances.get(SERVICE)?.find(({ ip }) => ip === '10.0.0.2')).toMatchObject({
    ...{ weight: 0, clusterName: 'c1', metadata: gray.metadata },
  });
  expect(Object.fromEntries(server.seen('POST', '/v1/ns/instance')[0]?.params ?? [])).toMatchObject({
    ...{ namespaceId: 'dev', groupName: 'G', serviceName: SERVICE, ephemeral: 'true', enable: 'true' },
  });
  registrar.keep([registration('10.0.0.2', { metadata: { version: '2' } }), registration('10.0.0.3')]);
  await expect.poll(() => addressesOf(server)).toEqual(['10.0.0.2', '10.0.0.3']);
  await expect
    .poll(() => server.services.instances.get(SERVICE)?.find(({ ip }) => ip === '10.0.0.2')?.metadata)
    .toEqual({ version: '2' });
  const { length } = server.requests;
  registrar.keep([registration('10.0.0.3'), registration('10.0.0.2', { metadata: { version: '2' } })]);
  await registrar.withdraw(registration('10.0.0.9'));
  expect(server.requests.slice(length).map(({ method }) => method)).toEqual(['DELETE']);
});

test('withdraws when the server has said so', async () => {
  const { server, registrar } = await open();
  registrar.keep([registration('10.0.0.1'), registration('10.0.0.2')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(2);
  await registrar.withdraw(registration('10.0.0.1'));
  expect(addressesOf(server)).toEqual(['10.0.0.2']);
});

test('withdraws what another one has registered', async () => {
  const { server, registrar } = await open();
  const other = openFor(server).registrar;
  other.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  other.release();
  await registrar.withdraw(registration('10.0.0.1'));
  expect(addressesOf(server)).toEqual([]);
});

test('tries until it is registered, with one line at each end, one request a second in an outage', async () => {
  const { server, registrar, log } = await open();
  server.fault = () => ({ status: 503, body: 'server is STARTING now, please try again later!' });
  const ips = Array.from({ length: 20 }, (_, index) => `10.0.0.${index}`);
  registrar.keep(ips.map((ip) => registration(ip)));
  await expect.poll(() => registrar.problems()).toEqual([expect.stringContaining('server is STARTING now')]);
  // Until the first one has failed, each tries for itself.
  await expect.poll(() => server.requests.length).toBeGreaterThanOrEqual(20);
  const from = server.requests.length;
  await expect.poll(() => server.requests.length).toBeGreaterThan(from + 2);
  expect((server.requests[from + 2]?.atMs ?? 0) - (server.requests[from]?.atMs ?? 0)).toBeGreaterThan(1500);
  server.fault = () => undefined;
  await expect.poll(() => addressesOf(server)).toHaveLength(20);
  expect(registrar.problems()).toEqual([]);
  expect(eventsOf(log)).toEqual(['nacos_registration_failing', 'nacos_registration_well']);
});

test('rejects a withdrawal that the server has not heard of, and goes on trying', async () => {
  const { server, registrar } = await open();
  registrar.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  await server.stop();
  await expect(registrar.withdraw(registration('10.0.0.1'))).rejects.toMatchObject({
    code: 'nacos_unreachable',
  });
  await server.start();
  await expect.poll(() => addressesOf(server)).toEqual([]);
});

test('says what the server refuses, and registers the rest', async () => {
  const { server, registrar, log } = await open();
  server.fault = ({ method, params }) =>
    method === 'POST' && params.get('ip') === '10.0.0.1'
      ? { status: 400, body: 'caused: metadata too long' }
      : undefined;
  registrar.keep([registration('10.0.0.1'), registration('10.0.0.2')]);
  await expect.poll(() => addressesOf(server)).toEqual(['10.0.0.2']);
  await expect
    .poll(() => registrar.problems())
    .toEqual([
      expect.stringMatching(
        /register G@@stock 10\.0\.0\.1:80 and answers HTTP 400: caused: metadata too long/,
      ),
    ]);
  registrar.keep([registration('10.0.0.2')]);
  await expect.poll(() => registrar.problems()).toEqual([]);
  expect(eventsOf(log)).toEqual(['nacos_registration_failing', 'nacos_registration_well']);
});

test('stops beating when it is released, deregisters nothing, and can begin again', async () => {
  const { server, registrar } = await open();
  registrar.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  registrar.release();
  await expect.poll(() => server.connections).toBe(0);
  expect(addressesOf(server)).toEqual(['10.0.0.1']);
  registrar.keep([registration('10.0.0.2')]);
  await expect.poll(() => addressesOf(server)).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('knows a token, under another context path, and tells neither it nor the password', async () => {
  const server = await new HttpNacos({ contextPath: '/registry' }).start();
  onTestFinished(() => server.stop());
  server.users.passwords.set('lane', 'a-secret');
  const credentials = { username: 'lane', password: async () => 'a-secret' };
  const { registrar, log } = openFor(server, { contextPath: '/registry', credentials });
  registrar.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  await server.stop();
  await expect(registrar.withdraw(registration('10.0.0.1'))).rejects.toThrow('does not answer');
  expect(JSON.stringify([log.events, registrar.problems()])).not.toMatch(/a-secret|token-1/);
});

test('fetches no credentials from where the environment tells the package to', async () => {
  const elsewhere = await new HttpNacos().start();
  onTestFinished(() => elsewhere.stop());
  vi.stubEnv('ALIBABA_CLOUD_CREDENTIALS_URI', `http://127.0.0.1:${elsewhere.address.port}/credentials`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { server, registrar } = await open();
  registrar.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  expect(elsewhere.requests).toEqual([]);
});

test('listens on no UDP port, as the package would', async () => {
  const { server, registrar } = await open();
  registrar.keep([registration('10.0.0.1')]);
  await expect.poll(() => addressesOf(server)).toHaveLength(1);
  expect(process.getActiveResourcesInfo()).not.toContain('UDPWrap');
});

test('ends within a moment while the server hangs, and leaves nothing behind', async () => {
  const { server, registrar } = await open();
  server.fault = () => 'stall';
  registrar.keep([registration('10.0.0.1')]);
  const waiting = registrar.withdraw(registration('10.0.0.2')).catch((error: unknown) => error);
  await expect.poll(() => server.requests.length).toBe(2);
  await registrar.close();
  expect(await waiting).toMatchObject({ code: 'nacos_closed' });
  await expect.poll(() => server.connections).toBe(0);
  registrar.keep([registration('10.0.0.3')]);
  await expect(registrar.withdraw(registration('10.0.0.3'))).rejects.toMatchObject({ code: 'nacos_closed' });
  expect(server.requests).toHaveLength(2);
});
