import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import {
  startNacosRegistrant,
  type RegisteredInstance,
  type RegisteredService,
  type Registrant,
} from '@lanekeeper/playground/nacos-server/registrant';
import { LABELS } from '@lanekeeper/protocol/labels';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { send } from '../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../harness/pods.ts';
import { startNacosControlPlane, type NacosControlPlane } from './harness/nacos-control-plane.ts';
import { shownServices } from './harness/shown-endpoints.ts';
import { startServer } from './server/start-server.ts';

const HUGE = 'x'.repeat(100_000);
/** Of waits: far more than any promise. */
const LIMIT = { timeout: 30_000, interval: 100 };
const ORDERS = { service: 'orders' };
const lane = (name: string): Pick<RegisteredInstance, 'metadata'> => ({ metadata: { [LABELS.lane]: name } });

/** What the Java client and the server let in, one client for each; nothing listens there. */
const REGISTERED: readonly (readonly [ip: string, fields: Readonly<Record<string, unknown>>])[] = [
  ['127.9.0.1', {}],
  ['127.9.0.2', lane('Gray_1')],
  ['127.9.0.3', { metadata: { blob: HUGE, [LABELS.lane]: 'gray' } }],
  ['127.9.0.4', { weight: 0 }],
  ['127.9.0.5', { enabled: false }],
  ['127.9.0.6', { clusterName: 'HZ', ...lane('gray') }],
  ['127.9.0.6', { clusterName: 'BJ' }],
  ['127.9.0.7', { weight: -1 }],
  ['127.9.0.8', { weight: 'NaN' }],
  ['2001:DB8::1', {}],
  ['Orders-1.example.com', {}],
  ['订单', {}],
  ['127.9.0.9', { port: 0 }],
];
/** Nacos 2 itself keeps silent about those that are switched off. */
const SHOWN = [
  '127.9.0.1:8080 base usable',
  '127.9.0.2:8080 null invalid-lane',
  '127.9.0.3:8080 gray usable',
  '127.9.0.4:8080 base zero-weight',
  '127.9.0.6:8080 gray usable',
  '127.9.0.7:8080 base invalid-weight',
  '127.9.0.8:8080 base invalid-weight',
  '[2001:db8::1]:8080 base usable',
  'orders-1.example.com:8080 base usable',
];

describe('what should not stand in Nacos and does', () => {
  let nacos: NacosServer;
  let registrant: Registrant;
  let controlPlane: NacosControlPlane;
  let mesh: Mesh;
  let proxy: Proxy;

  beforeAll(async () => {
    nacos = await startServer();
    registrant = await startNacosRegistrant({ server: nacos });
    const namespaces = [{ groups: ['DEFAULT_GROUP', 'SHOP'] }];
    controlPlane = await startNacosControlPlane({ nacos, registry: { namespaces } });
    mesh = await startMesh({
      tellsAddresses: true,
      source: () => Promise.resolve(controlPlane.variables),
      pods: [{ name: 'observer', service: 'observer', app: false }],
    });
    proxy = mesh.pod('observer').proxy;
  });
  afterAll(async () => {
    await mesh?.close();
    await controlPlane?.close();
    await registrant?.kill();
    await nacos?.stop();
  });

  let clients = 0;
  function register(service: RegisteredService, instance: RegisteredInstance): Promise<void> {
    clients += 1;
    return registrant.client(`client-${clients}`).register(service, instance);
  }

  /** As the sidecar shows them once its application calls `authority`. Nothing listens there: a usable one is ejected when it is tried. */
  async function shown(service: string, authority: string): Promise<readonly string[]> {
    await send(proxy.entry, { path: `http://${authority}/`, host: authority });
    const endpoints = (await shownServices(proxy))[service] ?? [];
    const reason = (unused: string | null): string =>
      unused === null || unused === 'ejected' ? 'usable' : unused;
    return endpoints
      .map(({ address, lane: own, unused }) => `${address} ${own} ${reason(unused)}`)
      .toSorted();
  }

  const untilShown = (service: string, authority: string, expected: readonly string[]): Promise<void> =>
    vi.waitFor(async () => expect(await shown(service, authority)).toEqual(expected), LIMIT);

  it('is shown in /clusters with its reason where nobody is sent there, and in /status with what to mend', async () => {
    for (const [ip, fields] of REGISTERED) await register(ORDERS, { ip, port: 8080, ...fields });
    await untilShown('default/orders', 'orders', SHOWN);
    const found = (await controlPlane.status()).objects;
    process.stdout.write(`${found.map((one) => `  ${one}`).join('\n')}\n`);
    for (const mention of ['Gray_1', '127.9.0.3', '127.9.0.6', '-1', 'NaN', '订单', '127.9.0.9']) {
      expect(
        found.some((one) => one.includes('orders') && one.includes(mention)),
        mention,
      ).toBe(true);
    }
    expect(found.join('\n').length).toBeLessThan(HUGE.length / 10);
  });

  it('like a name in Chinese, or with a group in it, is a service all the same, found by the address of an instance', async () => {
    await register({ service: '订单' }, { ip: '127.9.1.1', port: 8080 });
    await register({ service: 'orders', group: 'SHOP' }, { ip: '127.9.1.2', port: 8080 });
    await untilShown('default/订单', '127.9.1.1:8080', ['127.9.1.1:8080 base usable']);
    await untilShown('default/SHOP@@orders', '127.9.1.2:8080', ['127.9.1.2:8080 base usable']);
  });
});
