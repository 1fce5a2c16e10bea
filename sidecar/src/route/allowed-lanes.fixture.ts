import type { EndpointConfig, LaneConfig, MeshConfig, ServiceConfig } from '@lanekeeper/protocol/model';

/**
 * The rules of the architecture written down a second time, straight over the configuration and without any index: what the
 * compiled snapshot decides is held against this.
 */

export interface Subject {
  readonly config: MeshConfig;
  readonly service: string;
  readonly port: number;
}

/** Lanes (or `base`) whose endpoints may serve a request of `lane` at the service, in order. */
export function allowedLanes(lane: string, { config, service }: Subject): readonly string[] {
  if (lane === 'base') return ['base'];
  if (!knownLanes(config).has(lane)) return ['base'];
  const declared = declaredAt(lane, config, service);
  const own = declared?.serviceFallback[`default/${service}`] ?? declared?.serviceFallback[service];
  if (own !== undefined) return [lane, ...own];
  const endpoints = serviceOf(config, service).endpoints;
  if (endpoints.every((endpoint) => endpoint.lane === undefined)) return ['base'];
  return [lane, ...(declared?.fallback ?? ['base'])];
}

/** The first allowed lane that has a usable endpoint, and those endpoints. */
export function expectedSubset(lane: string, subject: Subject, tried: ReadonlySet<string> = new Set()) {
  for (const allowed of allowedLanes(lane, subject)) {
    const keys = usable(allowed, subject).filter((key) => !tried.has(key));
    if (keys.length > 0) return { lane: allowed, keys };
  }
  return undefined;
}

export function laneOfKey(key: string, config: MeshConfig): string | undefined {
  return endpointOfKey(key, config)?.lane ?? 'base';
}

export function endpointOfKey(key: string, config: MeshConfig): EndpointConfig | undefined {
  const address = key.slice(0, key.lastIndexOf(':'));
  return config.services.flatMap(({ endpoints }) => endpoints).find((one) => one.address === address);
}

export function serviceOf(config: MeshConfig, name: string): ServiceConfig {
  const service = config.services.find((one) => one.name === name);
  if (service === undefined) throw new Error(`the generated mesh has no service ${name}`);
  return service;
}

export function modeOf(config: MeshConfig, service: string): string {
  const group = config.groups.find(({ services }) => services.some(({ name }) => name === service));
  return group?.mode ?? config.settings.mode;
}

function usable(lane: string, { config, service, port }: Subject): readonly string[] {
  return serviceOf(config, service)
    .endpoints.filter((one) => (one.lane ?? 'base') === lane && one.healthy && one.weight > 0)
    .filter((one) => one.ports[port] !== undefined)
    .map((one) => `${one.address}:${one.ports[port] ?? 0}`);
}

function knownLanes(config: MeshConfig): ReadonlySet<string> {
  const carried = config.services.flatMap(({ endpoints }) => endpoints.map(({ lane }) => lane));
  return new Set([...config.lanes.map(({ name }) => name), ...carried.filter((lane) => lane !== undefined)]);
}

function declaredAt(lane: string, config: MeshConfig, service: string): LaneConfig | undefined {
  const group = config.groups.find(({ services }) => services.some(({ name }) => name === service));
  return config.lanes.find((one) => one.name === lane && one.group === (group?.name ?? ''));
}
