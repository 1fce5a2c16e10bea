import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { startNacosRegistrant, type Registrant } from '@lanekeeper/playground/nacos-server/registrant';
import { eventually } from '../../harness/eventually.ts';
import { startMesh, type Mesh, type Proxy } from '../../harness/pods.ts';
import { buy, startLoad, type Load, type LoadOptions } from './load.ts';
import { startNacosControlPlane, type NacosControlPlane } from './nacos-control-plane.ts';
import { startShopApp, type ShopApp } from './shop-app.ts';
import { WORKLOADS, lanesOf, rulesDocument, titlesOf, type Lane } from './shop-layout.ts';
import { shownEndpoint, type ShownEndpoint } from './shown-endpoints.ts';
import { untilPromised } from './until-promised.ts';

export const DATA_ID = 'lanekeeper-demo.yaml';
const REQUESTS_PER_SECOND = 50;

export interface ShopOptions {
  readonly nacos: NacosServer;
  /** Further fields of the one registry in nacos.yaml. */
  readonly registry?: Readonly<Record<string, unknown>>;
  /** Further metadata of the instances that register themselves. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The shop of seed 000 on a real Nacos: applications, sidecars, the edge and a control plane, each a process of its own. */
export interface Shop {
  readonly mesh: Mesh;
  readonly edge: Proxy;
  readonly registrant: Registrant;
  app(title: string): ShopApp;
  /** What a request of `lane` is answered: `transaction product inventory`, or the error. */
  ask(lane: Lane): Promise<string>;
  /** Waits until a request of `lane` is answered by these lanes, `gray base gray`; milliseconds since `since` (performance.now()). */
  untilLanes(lane: Lane, lanes: string, since?: number): Promise<number>;
  /** An endpoint as the sidecar of `caller` shows it at /clusters. */
  endpointAt(caller: string, app: Pick<ShopApp, 'ip' | 'port'>): Promise<ShownEndpoint | undefined>;
  load(options?: Partial<Pick<LoadOptions, 'isRight' | 'perSecond'>>): Load;
  readonly controlPlane: NacosControlPlane;
  publishRules(text: string): Promise<void>;
  /** All that control plane, edge and sidecars have said so far. */
  logs(): string;
  close(): Promise<void>;
}

/** Starts everything and waits until both lanes are served; all is up, or nothing is left. */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    return await startParts(options, ends, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: ShopOptions,
  ends: (() => unknown)[],
  close: () => Promise<void>,
): Promise<Shop> {
  const { nacos, registry } = options;
  const publishRules = (content: string): Promise<void> => publish(nacos, content);
  await publishRules(rulesDocument());
  const controlPlane = await startNacosControlPlane({
    nacos,
    registry: { configuration: { laneGroups: ['demo'] }, ...registry },
  });
  ends.push(() => controlPlane.close());
  await eventually('the control plane is ready', async () => {
    return (await controlPlane.readiness()).startsWith('200');
  });
  const mesh = await startMesh({
    gateway: {},
    tellsAddresses: true,
    source: () => Promise.resolve(controlPlane.variables),
    pods: WORKLOADS.map(({ title, service, lane }) => ({
      ...{ name: title, service, app: false },
      ...(lane === 'base' ? {} : { lane }),
    })),
  });
  ends.push(() => mesh.close());
  const registrant = await startNacosRegistrant({ server: nacos });
  ends.push(() => registrant.stop());
  const server = `${nacos.address}:${nacos.httpPort}`;
  const site = { server, registrant, metadata: options.metadata ?? {} };
  const starting = WORKLOADS.map(async (workload) => {
    const app = await startShopApp(workload, mesh.pod(workload.title), site);
    ends.push(() => app.stop());
    return app;
  });
  const apps = await Promise.all(starting);
  const shop = shopOf({ mesh, apps, controlPlane, registrant, publishRules, close });
  await shop.untilLanes('base', 'base base base');
  await shop.untilLanes('gray', 'gray gray gray');
  return shop;
}

interface Parts extends Pick<Shop, 'mesh' | 'registrant' | 'controlPlane' | 'publishRules' | 'close'> {
  readonly apps: readonly ShopApp[];
}

function shopOf({ apps, ...parts }: Parts): Shop {
  const { mesh, controlPlane } = parts;
  const edge = mesh.gateway;
  const ask = async (lane: Lane): Promise<string> => {
    const { status, text } = await buy(edge.entry, lane);
    return status === 200 ? titlesOf(text) : `${status} ${text.trim()}`;
  };
  return {
    ...parts,
    edge,
    ask,
    app(title) {
      const app = apps.find((one) => one.title === title);
      if (app === undefined) throw new Error(`the shop has no ${title}`);
      return app;
    },
    untilLanes: (lane, lanes, since) =>
      untilPromised(`${lane} answered by ${lanes}`, async () => lanesOf(await ask(lane)) === lanes, since),
    endpointAt: (caller, app) => shownEndpoint(mesh.pod(caller).proxy, app),
    load: ({ perSecond = REQUESTS_PER_SECOND, isRight } = {}) =>
      startLoad({ gateway: edge.entry, perSecond, ...(isRight === undefined ? {} : { isRight }) }),
    logs: () =>
      [
        controlPlane.logs(),
        edge.process.output(),
        ...WORKLOADS.map(({ title }) => mesh.pod(title).proxy.process.output()),
      ].join('\n'),
  };
}

async function publish({ address, httpPort }: NacosServer, content: string): Promise<void> {
  const fields = { dataId: DATA_ID, group: 'DEFAULT_GROUP', type: 'yaml', content };
  const answer = await callNacos({ address, httpPort }, 'POST', '/cs/configs', fields);
  if (answer.status !== 200)
    throw new Error(`Nacos did not take ${DATA_ID}: ${answer.status} ${answer.text}`);
}
