import type { Catalog } from '../catalog/catalog.ts';

/** The catalog with the mesh part of the barrier, and its changes. */
export function stagedCatalog(
  catalog: Catalog,
  { mesh, subscribe }: Pick<Catalog, 'mesh' | 'subscribe'>,
): Catalog {
  return {
    mesh,
    subscribe,
    edge: () => catalog.edge(),
    isWhole: () => catalog.isWhole(),
    service: (id) => catalog.service(id),
    resolve: (key) => catalog.resolve(key),
    formerly: (key) => catalog.formerly(key),
    findings: () => catalog.findings(),
    zoneOf: (address) => catalog.zoneOf(address),
    laneOf: (address) => catalog.laneOf(address),
  };
}
