import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hop } from '@lanekeeper/protocol/hop';
import { stringify } from 'yaml';
import { startChainApp, type ChainApp } from './chain-app.ts';
import { eventually } from './eventually.ts';
import { send, type Answer, type Ask, type Place } from './http-client.ts';
import { startSidecar, type SidecarOptions, type SidecarProcess } from './sidecar-process.ts';

/** Where things listen on a pod's own address; not the well-known ports, which a playground may have on every address. */
const PORT = { app: 21080, outbound: 21001, gateway: 21000, admin: 21002, inbound: 21006, status: 21020 };

/** An address of 127/8 that nothing else has: clients' ports are those of 127.0.0.1, so fixed ports are free on it. */
export function loopbackAddress(): string {
  taken += 1;
  return `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.${taken}`;
}
let taken = 0;

export interface PodSpec {
  readonly name: string;
  readonly service: string;
  readonly lane?: string;
  readonly zone?: string;
  readonly weight?: number;
  /** `false`: not injected; callers reach the application itself. */
  readonly sidecar?: boolean;
  /** `false`: the test listens at `appAt` itself. */
  readonly app?: boolean;
  readonly variables?: SidecarOptions['variables'];
  readonly nodeArgs?: readonly string[];
}

export interface MeshSpec {
  readonly pods: readonly PodSpec[];
  /** Everything of the configuration file but the services, which follow from the pods. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Further entries of `services`. */
  readonly services?: readonly unknown[];
  /** Further variables of every proxy that are not Lanekeeper's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Variables of the gateway; absent: there is none. */
  readonly gateway?: SidecarOptions['variables'];
  /** Every sidecar is told its own address, as the injector does. */
  readonly tellsAddresses?: boolean;
  /** How the proxies get what stands in the file; default: they read it themselves. */
  readonly source?: (file: string) => Promise<NonNullable<SidecarOptions['variables']>>;
}

/** A sidecar or gateway process and its admin port. */
export interface Proxy {
  readonly process: SidecarProcess;
  /** Where clients go: the gateway's listener, or the outbound one. */
  readonly entry: Place;
  readonly inbound: Place;
  readonly admin: Place;
  readonly status: Place;
  hops(query?: string): Promise<readonly Hop[]>;
  ask(path: string, method?: string): Promise<Answer>;
  /** The sum of the samples of `metric` whose labels contain all of `labels`. */
  metric(metric: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export interface Pod {
  readonly name: string;
  readonly appAt: Place;
  readonly app: ChainApp;
  /** What is in the mesh as its endpoint: the inbound listener, or the application where there is no sidecar. */
  readonly endpoint: Place;
  readonly proxy: Proxy;
}

export interface Mesh {
  readonly gateway: Proxy;
  readonly file: string;
  pod(name: string): Pod;
  /** The configuration in force, to be changed and written again. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Replaces the file and waits until every proxy has taken it over. */
  rewrite(config: Readonly<Record<string, unknown>>): Promise<void>;
  send(ask: Ask): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts every pod of `spec` as processes of their own, the applications in this one. All are up, or none is left. */
export async function startMesh(spec: MeshSpec): Promise<Mesh> {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-mesh-'));
  const file = join(folder, 'mesh.yaml');
  const addresses = new Map(spec.pods.map((pod) => [pod.name, loopbackAddress()]));
  const config = {
    ...spec.config,
    services: [...servicesOf(spec.pods, addresses), ...(spec.services ?? [])],
  };
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    await Promise.all(ends.splice(0).map((end) => end()));
  };
  writeFileSync(file, stringify(config));
  const source = (await spec.source?.(file)) ?? { configFile: file };
  const { environment = {}, tellsAddresses = false } = spec;
  const shared = { source, ends, environment, tellsAddresses };
  const starting = [
    ...spec.pods.map((pod) => startPod(pod, addresses.get(pod.name) ?? '', shared)),
    ...(spec.gateway === undefined ? [] : [startGateway(spec.gateway, shared)]),
  ];
  const settled = await Promise.allSettled(starting);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return describeMesh({ pods: started, file, config, close });
}

interface Started {
  readonly name: string;
  readonly pod?: Pod;
  readonly proxy: Proxy | undefined;
}

interface Assembly {
  readonly pods: readonly Started[];
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly close: () => Promise<void>;
}

function describeMesh({ pods, file, config, close }: Assembly): Mesh {
  const found = (name: string): Started => {
    const one = pods.find((each) => each.name === name);
    if (one === undefined) throw new Error(`the mesh has no ${name}`);
    return one;
  };
  return {
    get gateway() {
      return present(found('gateway').proxy);
    },
    pod: (name) => present(found(name).pod),
    file,
    config,
    async rewrite(next) {
      const proxies = pods.flatMap(({ proxy }) => (proxy === undefined ? [] : [proxy]));
      const before = await Promise.all(proxies.map(generationOf));
      replaceFile(file, stringify(next));
      await Promise.all(
        proxies.map((proxy, at) =>
          eventually('the new configuration', async () => (await generationOf(proxy)) !== before[at]),
        ),
      );
    },
    send(ask) {
      return send(this.gateway.entry, ask);
    },
    close,
  };
}

export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function generationOf(proxy: Proxy): Promise<string> {
  const { mesh } = JSON.parse((await proxy.ask('/config')).text) as {
    readonly mesh: { readonly generation: string };
  };
  return mesh.generation;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none in this mesh');
  return value;
}

function servicesOf(pods: readonly PodSpec[], addresses: ReadonlyMap<string, string>): readonly unknown[] {
  const names = [...new Set(pods.map((pod) => pod.service))];
  return names.map((name) => ({
    name,
    port: 80,
    endpoints: pods
      .filter((pod) => pod.service === name)
      .map(({ name: pod, lane, zone, weight, sidecar }) => ({
        address: addresses.get(pod),
        port: sidecar === false ? PORT.app : PORT.inbound,
        pod,
        ...(lane === undefined ? {} : { lane }),
        ...(zone === undefined ? {} : { zone }),
        ...(weight === undefined ? {} : { weight }),
      })),
  }));
}

interface Shared {
  readonly source: NonNullable<SidecarOptions['variables']>;
  readonly ends: (() => unknown)[];
  readonly environment: Readonly<Record<string, string>>;
  readonly tellsAddresses: boolean;
}

async function startPod(spec: PodSpec, address: string, shared: Shared): Promise<Started> {
  const at = (port: number): Place => ({ address, port });
  const isInjected = spec.sidecar !== false;
  const outbound = isInjected ? at(PORT.outbound) : undefined;
  const app = spec.app === false ? undefined : await startChainApp(spec.name, at(PORT.app), outbound);
  shared.ends.push(() => {
    app?.server.close();
    app?.server.closeAllConnections();
  });
  const proxy = isInjected
    ? await startProxy(address, shared, spec.nodeArgs, {
        app: spec.service,
        pod: spec.name,
        appAddress: `${address}:${PORT.app}`,
        ...(spec.lane === undefined ? {} : { lane: spec.lane }),
        ...(spec.zone === undefined ? {} : { zone: spec.zone }),
        ...(shared.tellsAddresses ? { podAddress: address } : {}),
        ...spec.variables,
      })
    : undefined;
  const pod: Pod = {
    name: spec.name,
    appAt: at(PORT.app),
    get app() {
      return present(app);
    },
    endpoint: at(isInjected ? PORT.inbound : PORT.app),
    get proxy() {
      return present(proxy);
    },
  };
  return { name: spec.name, pod, proxy };
}

async function startGateway(variables: NonNullable<MeshSpec['gateway']>, shared: Shared): Promise<Started> {
  const proxy = await startProxy(loopbackAddress(), shared, undefined, { role: 'gateway', ...variables });
  return { name: 'gateway', proxy };
}

async function startProxy(
  address: string,
  { source, ends, environment }: Shared,
  nodeArgs: readonly string[] | undefined,
  variables: NonNullable<SidecarOptions['variables']>,
): Promise<Proxy> {
  const at = (port: number): Place => ({ address, port });
  const listen = (port: number): string => `${address}:${port}`;
  const process = await startSidecar({
    ...(nodeArgs === undefined ? {} : { nodeArgs }),
    environment,
    variables: {
      ...source,
      outboundListen: listen(PORT.outbound),
      inboundListen: listen(PORT.inbound),
      gatewayListen: listen(PORT.gateway),
      adminListen: listen(PORT.admin),
      statusListen: listen(PORT.status),
      ...variables,
    },
  });
  ends.push(() => process.stop(2_000));
  const admin = at(PORT.admin);
  return {
    process,
    admin,
    entry: at(variables.role === 'gateway' ? PORT.gateway : PORT.outbound),
    inbound: at(PORT.inbound),
    status: at(PORT.status),
    ask: (path, method = 'GET') => send(admin, { path, method }),
    async hops(query = '') {
      const { text } = await send(admin, { path: `/hops${query}` });
      return (JSON.parse(text) as { readonly hops: readonly Hop[] }).hops;
    },
    async metric(name, labels = {}) {
      return sumOf((await send(admin, { path: '/metrics' })).text, name, labels);
    },
  };
}

function sumOf(exposition: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
