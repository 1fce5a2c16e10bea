import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { createCatalog, type CatalogOptions, type CatalogWriter } from '../catalog/create-catalog.ts';
import { DEFAULT_MESH_PART } from '../catalog/mesh-part.ts';
import type { ExportTo } from '../catalog/source-service.ts';

const CHANGE = { source: 'kubernetes', put: [], removed: [] } as const;

/** A real catalog with a source that a test plays. */
export class TestMesh {
  readonly catalog: CatalogWriter;

  constructor(options: Partial<CatalogOptions> = {}) {
    this.catalog = createCatalog({ clusterDomain: 'cluster.local', ...options });
  }

  /** Adds or replaces it. */
  put(config: ServiceConfig, exportTo: ExportTo = '*'): void {
    this.catalog.apply({ ...CHANGE, put: [{ config, exportTo }] });
  }

  remove(...ids: readonly string[]): void {
    this.catalog.apply({ ...CHANGE, removed: ids });
  }

  putMesh(mesh: Partial<MeshPart>): void {
    this.catalog.apply({ ...CHANGE, mesh: { ...DEFAULT_MESH_PART, ...mesh } });
  }

  putEdge(edge: EdgeConfig): void {
    this.catalog.apply({ ...CHANGE, edge });
  }
}

/** A service of the namespace `shop` with one endpoint for each address. */
export function makeService(name: string, addresses: readonly string[] = []): ServiceConfig {
  return {
    name,
    namespace: 'shop',
    hosts: [],
    addresses: [],
    ports: [{ port: 80, protocol: 'http' }],
    endpoints: addresses.map((address) => makeEndpoint(address)),
  };
}

export function makeEndpoint(address: string, zone?: string): EndpointConfig {
  const endpoint = { address, ports: { '80': 8080 }, weight: 100, healthy: true, source: 'kubernetes' };
  return zone === undefined ? endpoint : { ...endpoint, zone };
}
