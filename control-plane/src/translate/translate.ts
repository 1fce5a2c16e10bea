import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { CanonicalKey, Catalog, CatalogService, Versioned } from '../catalog/catalog.ts';

/** What one sidecar asks for, and what it holds already. */
export interface NodeView {
  /** Decides what it may see. */
  readonly namespace: string;
  /** It is told what gateways serve, and may see the services that this names whatever their namespaces say. Absent: it is none. */
  readonly isGateway?: boolean;
  /** All of its interests, as `canonicalKeys` writes them. */
  readonly interests: Iterable<CanonicalKey>;
  readonly holds: NodeHoldings;
}

export interface NodeHoldings {
  /** Version of the mesh part; undefined: none yet. */
  readonly mesh: string | undefined;
  /** Version of what a gateway serves; absent: nothing yet. */
  readonly edge?: string | undefined;
  /** Service id -> version. */
  readonly services: ReadonlyMap<string, string>;
}

/** What it has to be told; applied to what it holds, it has exactly what it needs. */
export interface NodeDelta {
  /** Undefined: as before. */
  readonly mesh: Versioned<MeshPart> | undefined;
  /** Undefined: as before, or it is no gateway. */
  readonly edge?: Versioned<EdgeConfig> | undefined;
  /** New and changed, in the order of their ids. */
  readonly services: readonly CatalogService[];
  /** Ids that it holds and no longer needs or may no longer see. */
  readonly removed: readonly string[];
}

/**
 * What `view` needs beyond what it holds. Pure: the same catalog and view give the same delta. While the catalog is not whole, what
 * a sidecar knows from before is not taken away: this replica may only not know it yet, and of lanes and rules the sidecar has more.
 */
export function translate(catalog: Catalog, view: NodeView): NodeDelta {
  const needed = servicesFor(catalog, view);
  const { holds } = view;
  return {
    mesh: unlessHeld(catalog, catalog.mesh(), holds.mesh),
    edge: view.isGateway === true ? unlessHeld(catalog, catalog.edge(), holds.edge) : undefined,
    services: [...needed.values()]
      .filter(({ id, version }) => holds.services.get(id) !== version)
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    removed: [...holds.services.keys()].filter((id) => !needed.has(id) && isKnown(catalog, id)).sort(),
  };
}

function unlessHeld<T>(
  catalog: Catalog,
  part: Versioned<T>,
  held: string | undefined,
): Versioned<T> | undefined {
  const isKept = part.version === held || (held !== undefined && !catalog.isWhole());
  return isKept ? undefined : part;
}

/** Of a service that it does not know a catalog that is not whole cannot say that there is none. */
function isKnown(catalog: Catalog, id: string): boolean {
  return catalog.isWhole() || catalog.service(id) !== undefined;
}

/** Whether there is nothing to tell. */
export function isEmptyDelta(delta: NodeDelta): boolean {
  return (
    delta.mesh === undefined &&
    delta.edge === undefined &&
    delta.services.length === 0 &&
    delta.removed.length === 0
  );
}

/** By id: the services that the interests mean, as far as the sidecar's namespace may see them. */
function servicesFor(catalog: Catalog, view: NodeView): ReadonlyMap<string, CatalogService> {
  const found = new Map<string, CatalogService>();
  for (const key of view.interests) {
    for (const id of meaningOf(catalog, key)) {
      if (found.has(id)) continue;
      const service = catalog.service(id);
      if (service !== undefined && isVisible(service, view)) found.set(id, service);
    }
  }
  return found;
}

/** Of an address that has left its service that service: the sidecar brings what is still sent there to another endpoint. */
function meaningOf(catalog: Catalog, key: CanonicalKey): readonly string[] {
  const ids = catalog.resolve(key);
  if (ids.length > 0) return ids;
  const former = catalog.formerly(key);
  return former === undefined ? ids : [former];
}

function isVisible({ exportTo }: CatalogService, { namespace, isGateway }: NodeView): boolean {
  return exportTo === '*' || isGateway === true || exportTo.has(namespace);
}
