import { openHttpNamingClient } from '@lanekeeper/nacos/http/open-http-naming-client';
import type { InstanceList } from '@lanekeeper/nacos/instance';
import { openConfigClient } from '@lanekeeper/nacos/npm-client/open-config-client';
import { openRegistrar } from '@lanekeeper/nacos/npm-client/open-registrar';
import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import type { Registration } from '@lanekeeper/nacos/registrar';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import { callNacos, logIn, type NacosFields } from '@lanekeeper/playground/nacos-server/nacos-api';
import { NACOS_USER, type NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { startServer } from './server/start-server.ts';

const PASSWORD = 'an-odd-one-1147';
const GROUP = 'DEFAULT_GROUP';

interface Closable {
  close(): Promise<void>;
}

// What the clients promise, each alone and against the real server, with a login; the whole of them is tested beside.
describe('the clients of a Nacos server', () => {
  let nacos: NacosServer;
  let options: ServerOptions;
  const log = createRecordingLog();
  const lines = (): readonly string[] =>
    log.events.map(({ event }) => event).filter((event) => !event.startsWith('nacos_package'));

  beforeAll(async () => {
    nacos = await startServer({ auth: { password: PASSWORD } });
    options = {
      ...{ name: 'e2e', servers: [{ address: nacos.address, port: nacos.httpPort }], contextPath: '/nacos' },
      ...{ grpcPortOffset: nacos.grpcPort - nacos.httpPort, namespace: '', tls: undefined, protocol: 'auto' },
      credentials: { username: NACOS_USER, password: async () => PASSWORD },
    };
  });
  afterAll(async () => {
    await nacos?.stop();
    expect(JSON.stringify(log.events)).not.toContain(PASSWORD);
  });

  /** Ends with its test, within a second. */
  function closing<T extends Closable>(client: T): T {
    onTestFinished(async () => {
      const began = performance.now();
      await client.close();
      expect(performance.now() - began).toBeLessThan(1_000);
    });
    return client;
  }

  async function call(method: 'GET' | 'POST' | 'DELETE', path: string, fields: NacosFields): Promise<string> {
    const accessToken = (await logIn(nacos, PASSWORD)) ?? '';
    const { status, text } = await callNacos(nacos, method, path, { ...fields, accessToken });
    expect(`${path} ${status}`).toBe(`${path} 200`);
    return text;
  }

  it('find out that it speaks gRPC', async () => {
    const client = closing(openNamingClient(options, { log }));
    await eventually('connected', () => client.status().state === 'connected');
    expect(client.status().protocol).toBe('grpc');
  });

  it('see over HTTP each change within a second, the last instance leaving too', async () => {
    const client = closing(openHttpNamingClient(options, { log }));
    const heard: InstanceList[] = [];
    client.subscribe({ group: GROUP, name: 'polled' }, (list) => heard.push(list));
    await eventually('the first list', () => heard.length === 1);
    const instance = { serviceName: 'polled', ip: '10.0.0.1', port: 80, ephemeral: true };
    for (let round = 0; round < 5; round++) {
      await call('POST', '/ns/instance', instance);
      await eventually('the instance', () => heard.at(-1)?.instances.length === 1, 1_000);
      await call('DELETE', '/ns/instance', instance);
      await eventually('that it has left', () => heard.at(-1)?.instances.length === 0, 1_000);
    }
    expect(await client.listServices(GROUP)).toContain('polled');
  });

  it('follow a configuration: changed, removed, and while the server is killed and hangs', async () => {
    const key = { dataId: 'lanekeeper-e2e.yaml', group: GROUP };
    const client = closing(openConfigClient(options, { log }));
    const heard: (string | undefined)[] = [];
    client.follow(key, (content) => heard.push(content));
    await eventually('that there is none', () => heard.length === 1);
    await call('POST', '/cs/configs', { ...key, content: 'lanes: [泳道]' });
    await eventually('the content', () => heard.at(-1) === 'lanes: [泳道]', 1_000);
    await call('DELETE', '/cs/configs', key);
    await eventually('that it is gone', () => heard.at(-1) === undefined, 1_000);
    await call('POST', '/cs/configs', { ...key, content: 'a: 1' });
    await eventually('that it is there', () => heard.at(-1) === 'a: 1', 1_000);
    const before = lines().length;
    await nacos.kill();
    await eventually('the outage', () => client.problems().length > 0);
    const cpu = process.cpuUsage();
    const began = performance.now();
    await nacos.start();
    const { user, system } = process.cpuUsage(cpu);
    // Starting the server costs this process next to nothing; the package alone takes all of a core.
    expect((user + system) / 1000).toBeLessThan((performance.now() - began) / 2);
    await eventually('the end of the outage', () => client.problems().length === 0, 2_000);
    expect(lines().slice(before)).toEqual(['nacos_config_lost', 'nacos_config_back']);
    await nacos.hang();
    await eventually('that it hangs', () => client.problems().length > 0, 20_000);
    await nacos.resume();
    await call('POST', '/cs/configs', { ...key, content: 'a: 2' });
    await eventually('the next content', () => heard.at(-1) === 'a: 2', 2_000);
    expect(heard).toEqual([undefined, 'lanes: [泳道]', undefined, 'a: 1', 'a: 2']);
  });

  it('keep instances registered: through lost data and a change of the keeper, and until they are withdrawn', async () => {
    const registration = (ip: string, weight = 1): Registration => ({
      ...{ service: { group: GROUP, name: 'kept' }, ip, port: 80, cluster: 'c1', weight },
      metadata: { 'lanekeeper.io/lane': 'gray', 名: '值' },
    });
    const watching = closing(openNamingClient(options, { log }));
    const heard: InstanceList[] = [];
    watching.subscribe({ group: GROUP, name: 'kept' }, (list) => heard.push(list));
    const first = closing(openRegistrar(options, { log }));
    const all = [registration('10.0.0.1'), registration('10.0.0.2', 0)];
    first.keep(all);
    await eventually('both', () => heard.at(-1)?.instances.length === 2);
    expect(heard.at(-1)?.instances).toContainEqual({
      ...{ ip: '10.0.0.2', port: 80, weight: 0, enabled: true, healthy: true, ephemeral: true },
      ...{ cluster: 'c1', metadata: { 'lanekeeper.io/lane': 'gray', 名: '值' } },
    });
    await nacos.loseData();
    await eventually(
      'both again',
      () => watching.status().connections > 1 && heard.at(-1)?.instances.length === 2,
    );
    first.release();
    const second = closing(openRegistrar(options, { log }));
    second.keep(all);
    // Longer than the 15 s after which one without beats is unhealthy.
    const until = performance.now() + 20_000;
    await eventually('twenty seconds', () => performance.now() > until, 25_000);
    expect(heard.at(-1)?.instances.map(({ healthy }) => healthy)).toEqual([true, true]);
    await second.withdraw(registration('10.0.0.1'));
    await eventually('that one has left', () => heard.at(-1)?.instances.length === 1, 1_000);
    await second.withdraw(registration('10.0.0.2', 0));
    await eventually('that the last one has left', () => heard.at(-1)?.instances.length === 0, 1_000);
    expect(second.problems()).toEqual([]);
  });

  it('say who was refused, and try no more often than they should', async () => {
    const refusedLog = createRecordingLog();
    const credentials = { username: NACOS_USER, password: async () => 'wrong-one-2290' };
    const client = closing(openConfigClient({ ...options, credentials }, { log: refusedLog }));
    client.follow({ dataId: 'x.yaml', group: GROUP }, () => undefined);
    await eventually('the refusal', () => client.problems().length > 0);
    expect(client.problems()).toEqual([expect.stringContaining(`refuses user "${NACOS_USER}"`)]);
    expect(refusedLog.events.map(({ event }) => event)).toEqual(['nacos_credentials_refused']);
    expect(JSON.stringify([refusedLog.events, client.problems()])).not.toContain('wrong-one-2290');
  });
});
