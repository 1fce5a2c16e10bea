import type { Versioned } from '../catalog/catalog.ts';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { rulesHash } from './lane-content.ts';
import type { Stage, StagedLane } from './stage.ts';

/** Versions that a sidecar may still have while it is told the next one; who has an older one is told soon. */
const KEPT = 8;

interface LaneHashes {
  readonly routing: string;
  readonly rules: string;
}

/** What the last published versions of the mesh part had in them. */
export class PublishedLanes {
  /** Oldest first. */
  readonly #versions = new Map<string, ReadonlyMap<string, LaneHashes>>();

  add({ version }: Versioned<MeshPart>, { lanes }: Stage): void {
    const hashes = [...lanes].map(([key, { routing, published }]): [string, LaneHashes] => [
      key,
      { routing, rules: rulesHash(published) },
    ]);
    this.#versions.delete(version);
    this.#versions.set(version, new Map(hashes));
    const [oldest] = this.#versions.keys();
    if (this.#versions.size > KEPT && oldest !== undefined) this.#versions.delete(oldest);
  }

  /** Whichever of these versions is in force somewhere, the lane is routed there as it is to be. */
  hasRouting(versions: string, { key, routing }: StagedLane): boolean {
    return versions.split(' ').every((version) => this.#versions.get(version)?.get(key)?.routing === routing);
  }

  /** And it colours as it is to. */
  hasAll(versions: string, lane: StagedLane): boolean {
    const rules = rulesHash(lane.rules);
    const hasRules = (version: string): boolean =>
      this.#versions.get(version)?.get(lane.key)?.rules === rules;
    return this.hasRouting(versions, lane) && versions.split(' ').every(hasRules);
  }
}
