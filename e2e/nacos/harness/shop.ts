import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { startNacosRegistrant, type Registrant } from '@lanekeeper/playground/nacos-server/registrant';
import { stringify } from 'yaml';
import {
  discoveryVariables,
  startControlPlane,
  type ControlPlaneProcess,
} from '../../harness/control-plane-process.ts';
import { freePort } from '../../harness/free-port.ts';
import { send, type Place } from '../../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../../harness/pods.ts';
import { untilPromised } from './until-promised.ts';
import { startLoad, type Load, type LoadOptions } from './load.ts';
import { startShopApp, type ShopApp } from './shop-app.ts';
import { HOSTS, WORKLOADS, lanesOf, rulesDocument, titlesOf, type Lane } from './shop-layout.ts';

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
  /** What the control plane says at /status. */
  status(): Promise<ControlPlaneStatus>;
  readonly controlPlane: { stop(): Promise<void>; start(): Promise<void> };
  publishRules(text: string): Promise<void>;
  /** All that control plane, edge and sidecars have said so far. */
  logs(): string;
  close(): Promise<void>;
}

/** One endpoint of /clusters, as far as the promises look at it. */
export interface ShownEndpoint {
  readonly address: string;
  readonly lane: string;
  readonly healthy: boolean;
  /** Why nobody is sent there. */
  readonly unused: string | null;
}

export interface ControlPlaneStatus {
  readonly objects: readonly string[];
  readonly problems: readonly string[];
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
  const { nacos } = options;
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-shop-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const publishRules = (content: string): Promise<void> => publish(nacos, content);
  await publishRules(rulesDocument());
  const controlPlane = await startMeshSource(options, folder);
  ends.push(() => controlPlane.stop());
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

async function publish({ address, httpPort }: NacosServer, content: string): Promise<void> {
  const fields = { dataId: DATA_ID, group: 'DEFAULT_GROUP', type: 'yaml', content };
  const answer = await callNacos({ address, httpPort }, 'POST', '/cs/configs', fields);
  if (answer.status !== 200)
    throw new Error(`Nacos did not take ${DATA_ID}: ${answer.status} ${answer.text}`);
}

interface MeshSource {
  readonly variables: ReturnType<typeof discoveryVariables>;
  current(): ControlPlaneProcess;
  /** Of all that ran so far. */
  logs(): string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function startMeshSource({ nacos, registry }: ShopOptions, folder: string): Promise<MeshSource> {
  const port = await freePort();
  const tokenFile = join(folder, 'token');
  const tokensFile = join(folder, 'tokens.yaml');
  const nacosFile = join(folder, 'nacos.yaml');
  const servers = [`${nacos.address}:${nacos.httpPort}`];
  const only = { name: 'shop', servers, configuration: { laneGroups: ['demo'] }, ...registry };
  const token = randomBytes(32).toString('hex');
  writeFileSync(tokenFile, token);
  writeFileSync(tokensFile, stringify({ tokens: [{ name: 'shop', token, namespaces: ['default'] }] }));
  writeFileSync(nacosFile, stringify({ registries: [only] }));
  const launch = (): Promise<ControlPlaneProcess> =>
    startControlPlane({
      ...{ port, variables: { source: 'nacos', nacosFile, authentication: 'static', tokensFile } },
    });
  const all = [await launch()];
  const current = (): ControlPlaneProcess => all.at(-1) as ControlPlaneProcess;
  return {
    variables: discoveryVariables(port, tokenFile),
    current,
    logs: () => all.map((one) => one.output()).join('\n'),
    stop: async () => void (await current().stop(2_000)),
    start: async () => void all.push(await launch()),
  };
}

interface Parts extends Pick<Shop, 'mesh' | 'registrant' | 'publishRules' | 'close'> {
  readonly apps: readonly ShopApp[];
  readonly controlPlane: MeshSource;
}

function shopOf({ apps, controlPlane, ...parts }: Parts): Shop {
  const { mesh } = parts;
  const edge = mesh.gateway;
  const ask = async (lane: Lane): Promise<string> => {
    const { status, text } = await send(edge.entry, { host: HOSTS[lane], path: '/buy' });
    return status === 200 ? titlesOf(text) : `${status} ${text.trim()}`;
  };
  return {
    ...parts,
    edge,
    controlPlane,
    ask,
    app(title) {
      const app = apps.find((one) => one.title === title);
      if (app === undefined) throw new Error(`the shop has no ${title}`);
      return app;
    },
    untilLanes: (lane, lanes, since) =>
      untilPromised(`${lane} answered by ${lanes}`, async () => lanesOf(await ask(lane)) === lanes, since),
    endpointAt: async (caller, { ip, port }) =>
      (await shownEndpoints(mesh.pod(caller).proxy)).find(({ address }) => address === `${ip}:${port}`),
    load: ({ perSecond = REQUESTS_PER_SECOND, isRight } = {}) =>
      startLoad({ gateway: edge.entry, perSecond, ...(isRight === undefined ? {} : { isRight }) }),
    status: () => statusOf(controlPlane.current().status),
    logs: () =>
      [
        controlPlane.logs(),
        edge.process.output(),
        ...WORKLOADS.map(({ title }) => mesh.pod(title).proxy.process.output()),
      ].join('\n'),
  };
}

export async function shownEndpoints(proxy: Proxy): Promise<readonly ShownEndpoint[]> {
  const { services } = JSON.parse((await proxy.ask('/clusters')).text) as {
    readonly services: readonly {
      readonly ports: readonly { readonly endpoints: readonly ShownEndpoint[] }[];
    }[];
  };
  return services.flatMap(({ ports }) => ports.flatMap(({ endpoints }) => endpoints));
}

async function statusOf(place: Place): Promise<ControlPlaneStatus> {
  return JSON.parse((await send(place, { path: '/status' })).text) as ControlPlaneStatus;
}
