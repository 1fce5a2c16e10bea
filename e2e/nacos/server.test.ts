import { callNacos, isUp, logIn, type NacosAnswer } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { startNacosRegistrant, type Registrant } from '@lanekeeper/playground/nacos-server/registrant';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { startServer } from './server/start-server.ts';

const PASSWORD = 'tiger-in-the-tank-77';
const INVENTORY = { service: 'inventory' };
const GRAY = { ip: '10.1.0.2', port: 8080, metadata: { 'lanekeeper.io/lane': 'gray' } };

interface Host {
  readonly ip: string;
  readonly metadata: Readonly<Record<string, string>>;
}

describe('the Nacos server that the promises stand on', () => {
  let server: NacosServer;
  let registrant: Registrant;

  beforeAll(async () => {
    server = await startServer({ auth: { password: PASSWORD } });
    registrant = await startNacosRegistrant({ server, password: PASSWORD });
  });
  afterAll(async () => {
    await registrant?.kill();
    await server?.stop();
  });

  const list = async (): Promise<NacosAnswer> => {
    const accessToken = (await logIn(server, PASSWORD)) ?? '';
    return callNacos(server, 'GET', '/ns/instance/list', { serviceName: 'inventory', accessToken });
  };
  const hosts = async (): Promise<readonly Host[]> =>
    (JSON.parse((await list()).text) as { readonly hosts: readonly Host[] }).hosts;
  const untilHosts = (count: number): Promise<unknown> =>
    eventually(`${count} instances of inventory`, async () => (await hosts()).length === count, 60_000);

  it('shows what the Java client registered, and what it says of itself later', async () => {
    const client = registrant.client('gray');
    await client.register(INVENTORY, GRAY);
    await untilHosts(1);
    expect(await hosts()).toMatchObject([GRAY]);
    await client.register(INVENTORY, { ...GRAY, metadata: {} });
    await eventually(
      'its lane is gone',
      async () => (await hosts())[0]?.metadata['lanekeeper.io/lane'] === undefined,
    );
    await client.deregister(INVENTORY, GRAY);
    await untilHosts(0);
  });

  it('holds an instance of each client of a service, and those of a crashed process no longer', async () => {
    const other = await startNacosRegistrant({ server, password: PASSWORD });
    await other.client('one').register(INVENTORY, { ip: '10.1.0.3', port: 8080 });
    await other.client('two').register(INVENTORY, { ip: '10.1.0.4', port: 8080 });
    await untilHosts(2);
    await other.kill();
    await untilHosts(0);
  });

  it('pushes to those who subscribed what is registered and deregistered after that', async () => {
    const caller = registrant.client('caller');
    expect(await caller.watched(INVENTORY)).toEqual([]);
    const callee = registrant.client('callee');
    await callee.register(INVENTORY, GRAY);
    await eventually('a push of it', async () => (await caller.watched(INVENTORY)).length === 1, 10_000);
    await callee.deregister(INVENTORY, GRAY);
    await eventually('a push of its end', async () => (await caller.watched(INVENTORY)).length === 0, 10_000);
  });

  it('refuses who does not log in, and a wrong password', async () => {
    const anonymous = await callNacos(server, 'GET', '/ns/instance/list', { serviceName: 'inventory' });
    expect(anonymous.status).toBe(403);
    const wrong = await callNacos(server, 'POST', '/auth/login', { username: 'nacos', password: 'nacos' });
    expect(wrong.status).toBe(403);
    const stranger = await startNacosRegistrant({ server, password: 'wrong' });
    await expect(stranger.client('x').register(INVENTORY, GRAY)).rejects.toThrow(/403|user not found|login/i);
    await stranger.kill();
  });

  it('answers nobody while it hangs, and goes on where it stopped', async () => {
    await registrant.client('gray').register(INVENTORY, GRAY);
    await server.hang();
    expect(await isUp(server)).toBe(false);
    await server.resume();
    expect((await list()).status).toBe(200);
    await untilHosts(1);
  });

  it('knows persistent instances after it was killed, and nothing after it lost its data', async () => {
    const accessToken = (await logIn(server, PASSWORD)) ?? '';
    const persistent = { serviceName: 'ledger', ip: '10.1.0.9', port: 80, ephemeral: false, accessToken };
    expect((await callNacos(server, 'POST', '/ns/instance', persistent)).text).toBe('ok');
    await server.kill();
    expect(await isUp(server)).toBe(false);
    await server.start();
    const ledger = { serviceName: 'ledger', accessToken: (await logIn(server, PASSWORD)) ?? '' };
    const kept = async (): Promise<boolean> =>
      (await callNacos(server, 'GET', '/ns/instance/list', ledger)).text.includes('10.1.0.9');
    await eventually('the persistent instance is back', kept, 30_000);
    await registrant.kill();
    await server.loseData();
    expect(await hosts()).toEqual([]);
    expect(await kept()).toBe(false);
  });
});
