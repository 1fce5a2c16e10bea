import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { CatalogService, Versioned } from '../catalog/catalog.ts';

/** The name of the mesh part among service ids, which all have a slash. */
export const MESH = 'mesh';
/** And that of what a gateway serves. */
export const EDGE = 'edge';

interface Parts {
  readonly mesh?: Versioned<MeshPart> | undefined;
  readonly edge?: Versioned<EdgeConfig> | undefined;
  readonly services: readonly CatalogService[];
}

/**
 * What a sidecar has refused. A refusal names an update, not the part of it that is wrong: the parts are then sent one by one,
 * and what is refused alone is not sent again until its content changes.
 */
export class Refusals {
  /** `mesh`, `edge` or service id -> version that was refused alone. */
  readonly #versions = new Map<string, string>();
  /** Parts of refused updates that have not been sent alone yet. */
  readonly #suspects = new Set<string>();

  refused(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** What of `parts` may go out; `isAlone`: only one of several, in search of a culprit. */
  filter(parts: Parts): Parts & { readonly isAlone: boolean } {
    const mesh = this.#isRefused(MESH, parts.mesh?.version) ? undefined : parts.mesh;
    const edge = this.#isRefused(EDGE, parts.edge?.version) ? undefined : parts.edge;
    const services = parts.services.filter(({ id, version }) => !this.#isRefused(id, version));
    for (const suspect of this.#suspects) {
      if (suspect === MESH && mesh !== undefined) return { mesh, services: [], isAlone: true };
      if (suspect === EDGE && edge !== undefined) return { edge, services: [], isAlone: true };
      const service = services.find(({ id }) => id === suspect);
      if (service !== undefined) return { services: [service], isAlone: true };
      // It has become what the sidecar holds, or is no longer asked for.
      this.#suspects.delete(suspect);
    }
    return { mesh, edge, services, isAlone: false };
  }

  accept({ mesh, edge, services }: Parts): void {
    if (mesh !== undefined) this.#clear(MESH);
    if (edge !== undefined) this.#clear(EDGE);
    for (const { id } of services) this.#clear(id);
  }

  /** Returns the parts that are now known to be refused by themselves. */
  refuse({ mesh, edge, services }: Parts): readonly string[] {
    const parts = [
      ...(mesh === undefined ? [] : [[MESH, mesh.version] as const]),
      ...(edge === undefined ? [] : [[EDGE, edge.version] as const]),
      ...services.map(({ id, version }) => [id, version] as const),
    ];
    const [only] = parts;
    if (parts.length !== 1 || only === undefined) {
      for (const [id] of parts) this.#suspects.add(id);
      return [];
    }
    this.#suspects.delete(only[0]);
    this.#versions.set(...only);
    return [only[0]];
  }

  #isRefused(id: string, version: string | undefined): boolean {
    return version !== undefined && this.#versions.get(id) === version;
  }

  #clear(id: string): void {
    this.#versions.delete(id);
    this.#suspects.delete(id);
  }
}
