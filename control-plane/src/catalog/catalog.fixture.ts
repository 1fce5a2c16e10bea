import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import type { ExportTo, SourceChange, SourceService } from './source-service.ts';

export function endpoint(address: string, given: Partial<EndpointConfig> = {}): EndpointConfig {
  return { address, ports: { 80: 8080 }, weight: 100, healthy: true, source: 'kubernetes', ...given };
}

type Given = Partial<ServiceConfig> & { readonly exportTo?: ExportTo };

/** `b` or `shop/b`. */
export function service(id: string, given: Given = {}): SourceService {
  const [name = '', namespace = 'shop'] = id.split('/').reverse();
  const { exportTo = '*', ...config } = given;
  const ports = [{ port: 80, protocol: 'auto' as const }];
  return {
    config: { name, namespace, hosts: [], addresses: [], ports, endpoints: [], ...config },
    exportTo,
  };
}

export function put(source: string, ...services: readonly SourceService[]): SourceChange {
  return { source, put: services, removed: [] };
}
