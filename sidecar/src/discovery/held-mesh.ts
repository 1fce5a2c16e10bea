import { MAX_INTERESTS, type Hello, type MeshPart, type Update } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { MeshConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { knowDigest } from './generation.ts';
import { EMPTY_MESH } from './store.ts';

interface Held<T> {
  readonly version: string;
  readonly value: T;
}

/** The piece of the mesh that a sidecar holds, with the versions by which it says so to the next control plane. Immutable. */
export interface HeldMesh {
  readonly mesh: Held<MeshPart> | undefined;
  /** Of a gateway. */
  readonly edge: Held<EdgeConfig> | undefined;
  readonly services: ReadonlyMap<string, Held<ServiceConfig>>;
}

export const NOTHING_HELD: HeldMesh = { mesh: undefined, edge: undefined, services: new Map() };

/** What is held once `update` is in force. */
export function applyUpdate(held: HeldMesh, update: Update): HeldMesh {
  // The largest part of all: its version is a hash of it.
  if (update.edge !== undefined) knowDigest(update.edge.value, update.edge.version);
  const parts = { mesh: update.mesh ?? held.mesh, edge: update.edge ?? held.edge };
  if (update.services.length === 0 && update.removed.length === 0) {
    return { ...parts, services: held.services };
  }
  const services = new Map(held.services);
  for (const id of update.removed) services.delete(id);
  for (const { id, version, value } of update.services) services.set(id, { version, value });
  return { ...parts, services };
}

export function holdsOf({ mesh, edge, services }: HeldMesh, most = MAX_INTERESTS): Hello['holds'] {
  // A control plane reads no longer a list; it sends again what is not said to be held.
  const known = [...services].slice(0, most);
  const versions = Object.fromEntries(known.map(([id, { version }]) => [id, version]));
  return {
    ...(mesh === undefined ? {} : { mesh: mesh.version }),
    ...(edge === undefined ? {} : { edge: edge.version }),
    services: versions,
  };
}

export function configOf({ mesh, edge, services }: HeldMesh): MeshConfig {
  const { settings, groups, lanes, colouring, gateway } = mesh?.value ?? EMPTY_MESH;
  const known = [...services.values()].map(({ value }) => value);
  const parts = { settings, services: known, groups, lanes, colouring, gateway };
  return edge === undefined ? parts : { ...parts, edge: edge.value };
}
