import { MAX_INTERESTS, type Hello, type MeshPart, type Update } from '@lanekeeper/protocol/discovery';
import type { MeshConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { EMPTY_MESH } from './store.ts';

interface Held<T> {
  readonly version: string;
  readonly value: T;
}

/** The piece of the mesh that a sidecar holds, with the versions by which it says so to the next control plane. Immutable. */
export interface HeldMesh {
  readonly mesh: Held<MeshPart> | undefined;
  readonly services: ReadonlyMap<string, Held<ServiceConfig>>;
}

export const NOTHING_HELD: HeldMesh = { mesh: undefined, services: new Map() };

/** What is held once `update` is in force. */
export function applyUpdate(held: HeldMesh, update: Update): HeldMesh {
  if (update.services.length === 0 && update.removed.length === 0) {
    return { mesh: update.mesh ?? held.mesh, services: held.services };
  }
  const services = new Map(held.services);
  for (const id of update.removed) services.delete(id);
  for (const { id, version, value } of update.services) services.set(id, { version, value });
  return { mesh: update.mesh ?? held.mesh, services };
}

export function holdsOf({ mesh, services }: HeldMesh): Hello['holds'] {
  // A control plane reads no longer a list; it sends again what is not said to be held.
  const known = [...services].slice(0, MAX_INTERESTS);
  const versions = Object.fromEntries(known.map(([id, { version }]) => [id, version]));
  return { ...(mesh === undefined ? {} : { mesh: mesh.version }), services: versions };
}

export function configOf({ mesh, services }: HeldMesh): MeshConfig {
  const { settings, groups, lanes, colouring, gateway } = mesh?.value ?? EMPTY_MESH;
  const known = [...services.values()].map(({ value }) => value);
  return { settings, services: known, groups, lanes, colouring, gateway };
}
