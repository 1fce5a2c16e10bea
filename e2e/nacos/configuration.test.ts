import { readFileSync } from 'node:fs';
import { DiscoveryClient } from '@lanekeeper/control-plane/testing/discovery-client';
import { callNacos, type NacosFields } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { startNacosControlPlane, type NacosControlPlane } from './harness/nacos-control-plane.ts';
import { startServer } from './server/start-server.ts';

const GROUP = 'LANES';
const DEMO = 'lanekeeper-demo.yaml';
const MORE = 'lanekeeper-more.yaml';

const demo = (more = ''): string => `
groups: [{name: demo, services: [a, 订单, GROUP@@b]${more}}]
lanes: [{name: gray, group: demo, match: [{hosts: [gray.example.com]}]}]
`;

describe('lanes and rules in configurations of a Nacos server', () => {
  let nacos: NacosServer;
  let controlPlane: NacosControlPlane;
  let sidecar: DiscoveryClient;
  let mesh: MeshPart | undefined;

  beforeAll(async () => {
    nacos = await startServer();
    await publish(DEMO, demo());
    const configuration = { group: GROUP, laneGroups: ['demo', 'more'] };
    controlPlane = await startNacosControlPlane({ nacos, registry: { configuration } });
    await eventually('readiness', async () => (await controlPlane.readiness()).startsWith('200'), 60_000);
    const { discoveryAddress = '', discoveryCa = '', discoveryTokenFile = '' } = controlPlane.variables;
    sidecar = new DiscoveryClient({
      port: Number(discoveryAddress.split(':')[1]),
      ca: discoveryCa,
      token: readFileSync(discoveryTokenFile, 'utf8'),
    });
    sidecar.hello({ namespace: 'default' });
    void follow();
  });
  afterAll(async () => {
    sidecar?.close();
    await controlPlane?.close();
    await nacos?.stop();
  });

  /** Takes what comes, until the stream ends. */
  async function follow(): Promise<void> {
    try {
      for (;;) mesh = (await sidecar.take()).mesh?.value ?? mesh;
    } catch {
      // The end of the test.
    }
  }

  async function publish(dataId: string, content: string): Promise<void> {
    await call('POST', { dataId, group: GROUP, content, type: 'yaml' });
  }

  async function call(method: 'POST' | 'DELETE', fields: NacosFields): Promise<void> {
    const { status, text } = await callNacos(nacos, method, '/cs/configs', fields);
    expect(`${status} ${text}`).toBe('200 true');
  }

  const groups = (): readonly string[] => mesh?.groups.map(({ name, mode }) => `${name} ${mode}`) ?? [];
  const until = (what: string, isSo: () => boolean): Promise<unknown> => eventually(what, isSo, 30_000);
  const problems = async (): Promise<string> => (await controlPlane.status()).problems.join('\n');

  it('are with the sidecars from the start, names of Nacos included', async () => {
    await until('the group', () => groups().includes('demo permissive'));
    expect(mesh?.groups[0]?.services.map(({ name }) => name)).toEqual(['a', '订单', 'GROUP@@b']);
    expect(mesh?.lanes).toMatchObject([{ name: 'gray', group: 'demo' }]);
    expect((await controlPlane.status()).objects.join('\n')).toContain(`${MORE} of group ${GROUP}`);
  });

  it('are followed: a change, a further one, one that is deleted', async () => {
    const since = performance.now();
    await publish(DEMO, demo(', mode: strict'));
    await until('the change', () => groups().includes('demo strict'));
    process.stdout.write(
      `  a change of a configuration -> sidecar: ${Math.round(performance.now() - since)} ms\n`,
    );
    await publish(MORE, 'groups: [{name: more, services: [c]}]');
    await until('the second', () => groups().includes('more permissive'));
    await call('DELETE', { dataId: MORE, group: GROUP });
    await until('the end of the second', () => groups().length === 1);
  });

  it('stay as they were where they are wrong, with the place of each mistake', async () => {
    await publish(DEMO, `${demo()}gateway: {routs: []}\n`);
    await eventually('the problem', async () => (await problems()).includes('gateway.routs (4:11)'), 30_000);
    expect(await problems()).toContain(`configuration ${DEMO} of group ${GROUP} in the public namespace`);
    expect(groups()).toEqual(['demo strict']);
    await publish(DEMO, demo(', mode: strict'));
    await eventually('the end of the problem', async () => (await problems()) === '', 30_000);
  });

  it('stay as they were while the server is away, and are right again after its return', async () => {
    await nacos.kill();
    await eventually('the complaint', async () => (await problems()) !== '', 60_000);
    expect(groups()).toEqual(['demo strict']);
    await nacos.start();
    await publish(DEMO, demo());
    await until('the change', () => groups().includes('demo permissive'));
    await eventually('the end of the complaint', async () => (await problems()) === '', 60_000);
  });
});
