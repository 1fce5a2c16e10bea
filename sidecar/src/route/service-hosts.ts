import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { byServiceId, serviceId } from '@lanekeeper/protocol/service-id';
import type { Service } from './snapshot.ts';

/**
 * Host name -> service. Where two services claim a name: the names that follow from a service's own name and namespace win over
 * extra hosts, the longer over the shorter; among equals the first service by id.
 */
export function hostsOf(
  configs: readonly ServiceConfig[],
  services: ReadonlyMap<string, Service>,
  namespace: string,
): Map<string, Service> {
  const hosts = new Map<string, Service>();
  const claim = (name: string, service: Service): void => {
    const host = name.toLowerCase();
    if (!hosts.has(host)) hosts.set(host, service);
  };
  const sorted = [...services.values()].sort(byServiceId);
  for (const service of sorted) claim(`${service.name}.${service.namespace}.svc.cluster.local`, service);
  for (const service of sorted) claim(`${service.name}.${service.namespace}.svc`, service);
  for (const service of sorted) claim(`${service.name}.${service.namespace}`, service);
  for (const service of sorted) if (service.namespace === namespace) claim(service.name, service);
  for (const config of [...configs].sort(byServiceId)) {
    const service = services.get(serviceId(config));
    if (service !== undefined) for (const host of config.hosts) claim(host, service);
  }
  return hosts;
}
