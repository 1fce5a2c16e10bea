import { createHash } from 'node:crypto';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { ipKey, serviceKey } from '../catalog/canonical-key.ts';
import type { CanonicalKey, Catalog, CatalogChange, CatalogService, Versioned } from '../catalog/catalog.ts';

/** A catalog that a test writes to. */
export class MemoryCatalog implements Catalog {
  readonly #services = new Map<string, CatalogService>();
  readonly #zones = new Map<string, string>();
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  #mesh = versioned(EMPTY_MESH);

  mesh(): Versioned<MeshPart> {
    return this.#mesh;
  }

  service(id: string): CatalogService | undefined {
    return this.#services.get(id);
  }

  resolve(key: CanonicalKey): readonly string[] {
    return [...this.#services.values()].filter(({ value }) => keysOf(value).has(key)).map(({ id }) => id);
  }

  zoneOf(address: string): string | undefined {
    return this.#zones.get(address);
  }

  subscribe(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds or replaces it. */
  put(config: ServiceConfig, exportTo: CatalogService['exportTo'] = '*'): void {
    const id = `${config.namespace}/${config.name}`;
    const before = this.#services.get(id)?.value;
    this.#services.set(id, { ...versioned(config), id, namespace: config.namespace, exportTo });
    const keys = new Set([...keysOf(config), ...(before === undefined ? [] : keysOf(before))]);
    this.#tell({ mesh: false, keys });
  }

  remove(id: string): void {
    const before = this.#services.get(id)?.value;
    this.#services.delete(id);
    if (before !== undefined) this.#tell({ mesh: false, keys: keysOf(before) });
  }

  putMesh(mesh: Partial<MeshPart>): void {
    this.#mesh = versioned({ ...this.#mesh.value, ...mesh });
    this.#tell({ mesh: true, keys: new Set() });
  }

  putZone(address: string, zone: string): void {
    this.#zones.set(address, zone);
  }

  #tell(change: CatalogChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

export const EMPTY_MESH: MeshPart = {
  settings: {
    baggageKey: 'lane',
    explainHeader: false,
    traceHeaders: [],
    mode: 'permissive',
    evidence: { trace: true, inFlight: true, bridge: [] },
    balancing: { policy: 'least-request', zoneAware: true },
  },
  groups: [],
  lanes: [],
  gateway: { trustIncomingTag: false, routes: [] },
};

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

export function makeEndpoint(address: string): EndpointConfig {
  return { address, ports: { '80': 8080 }, weight: 100, healthy: true, source: 'kubernetes' };
}

function versioned<T>(value: T): Versioned<T> {
  const json = JSON.stringify(value);
  return { value, json, version: createHash('sha256').update(json).digest('base64url').slice(0, 16) };
}

function keysOf(service: ServiceConfig): ReadonlySet<CanonicalKey> {
  const addresses = [...service.addresses, ...service.endpoints.map(({ address }) => address)];
  return new Set([serviceKey(service), ...addresses.map(ipKey)]);
}
