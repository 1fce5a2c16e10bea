import type { EndpointConfig, ServiceConfig, ServicePortConfig } from '@lanekeeper/protocol/model';
import { mergeEndpoints } from './merge-endpoints.ts';
import { normalizeService } from './normalize-service.ts';
import { withSeparatePorts } from './separate-ports.ts';
import type { ExportTo, SourceService } from './source-service.ts';

/**
 * One service out of what several sources say of it, the one whose word counts first being first in the list: names and
 * addresses of all; of what contradicts, the first. Each source can only narrow who may see it.
 */
export function mergeServices(services: readonly SourceService[]): SourceService | undefined {
  const [first, ...others] = services;
  if (first === undefined || others.length === 0) return first;
  const configs = withSeparatePorts(services.map(({ config }) => config));
  const affinity = configs.find((config) => config.affinity !== undefined)?.affinity;
  return {
    config: normalizeService({
      name: first.config.name,
      namespace: first.config.namespace,
      hosts: configs.flatMap(({ hosts }) => hosts),
      addresses: configs.flatMap(({ addresses }) => addresses),
      ports: mergePorts(configs),
      endpoints: mergeEndpoints(configs.map(({ endpoints }) => endpoints)),
      ...(affinity === undefined ? {} : { affinity }),
    }),
    exportTo: services.map(({ exportTo }) => exportTo).reduce(narrow),
  };
}

function mergePorts(configs: readonly ServiceConfig[]): readonly ServicePortConfig[] {
  const ports = new Map<number, ServicePortConfig>();
  for (const config of configs) {
    for (const port of config.ports) if (!ports.has(port.port)) ports.set(port.port, port);
  }
  return [...ports.values()];
}

function narrow(a: ExportTo, b: ExportTo): ExportTo {
  if (a === '*') return b;
  return b === '*' ? a : new Set([...a].filter((namespace) => b.has(namespace)));
}

/** The same service with other endpoints. */
export function withEndpoints(service: SourceService, endpoints: readonly EndpointConfig[]): SourceService {
  return { ...service, config: normalizeService({ ...service.config, endpoints }) };
}
