import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { Versioned } from '../catalog/catalog.ts';
import { VersionedValue } from '../catalog/versioned.ts';
import { GroupAcks, type ConnectedSidecar, type LaneCount } from './count-acks.ts';
import { laneKey } from './lane-content.ts';
import type { LaneId } from './lane-acks.ts';
import { PublishedLanes } from './published-lanes.ts';
import {
  firstStage,
  nextStage,
  publishedMesh,
  settle,
  type HeldLane,
  type Settlement,
  type Stage,
  type StagedLane,
} from './stage.ts';

const NO_COUNT: LaneCount = { of: 0, routed: 0, whole: 0, missing: [] };

/** The mesh part that is published, and how far this replica's sidecars are with it. */
export class StagedMesh {
  readonly #published = new PublishedLanes();
  #stage: Stage;
  #mesh: Versioned<MeshPart>;
  #counts: ReadonlyMap<string, LaneCount> = new Map();

  constructor(wanted: Versioned<MeshPart>, nowMs: number) {
    this.#stage = firstStage(wanted.value, new Map(), nowMs);
    this.#mesh = wanted;
    this.#published.add(wanted, this.#stage);
  }

  get mesh(): Versioned<MeshPart> {
    return this.#mesh;
  }

  lanes(): readonly StagedLane[] {
    return [...this.#stage.lanes.values()];
  }

  lane(id: LaneId): StagedLane | undefined {
    return this.#stage.lanes.get(laneKey(id));
  }

  /** Sidecars have been told what is published now: what is new waits for them. */
  follow(wanted: MeshPart, nowMs: number): void {
    this.#enter(nextStage(this.#stage, wanted, nowMs));
  }

  /** Everything is published as it is wanted, but what other replicas hold back. */
  begin(wanted: MeshPart, held: ReadonlyMap<string, HeldLane>, nowMs: number): void {
    this.#enter(firstStage(wanted, held, nowMs));
  }

  /** Returns the lanes whose time is over by now. */
  settle(settlement: Settlement): readonly StagedLane[] {
    const before = this.#stage;
    const after = settle(before, settlement);
    if (after !== before) this.#enter(after);
    return [...after.lanes.values()].filter(
      ({ key, isOverdue }) => isOverdue && before.lanes.get(key)?.isOverdue !== true,
    );
  }

  count(sidecars: Iterable<ConnectedSidecar>): void {
    const acks = new GroupAcks(sidecars, this.#stage.wanted);
    this.#counts = new Map(this.lanes().map((lane) => [lane.key, acks.count(lane, this.#published)]));
  }

  countOf({ key }: StagedLane): LaneCount {
    return this.#counts.get(key) ?? NO_COUNT;
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    const next = new VersionedValue(publishedMesh(stage));
    if (next.version !== this.#mesh.version) this.#mesh = next;
    this.#published.add(this.#mesh, stage);
  }
}
