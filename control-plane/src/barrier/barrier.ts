import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { Log } from '@lanekeeper/runtime/log';
import type { Catalog, CatalogChange, Versioned } from '../catalog/catalog.ts';
import { VersionedValue } from '../catalog/versioned.ts';
import { GroupAcks, type ConnectedSidecar, type LaneCount } from './count-acks.ts';
import type { LaneAck, LaneAcks } from './lane-acks.ts';
import { laneKey, rulesHash } from './lane-content.ts';
import { alone, type LaneSharing, type LaneStatement } from './lane-statement.ts';
import { ackOf, isRouted, totalOf, type LaneTotal } from './lane-total.ts';
import { PublishedLanes } from './published-lanes.ts';
import { SoonTimer } from './soon-timer.ts';
import {
  firstStage,
  isHeld,
  nextStage,
  publishedMesh,
  settle,
  type HeldLane,
  type Stage,
  type StagedLane,
} from './stage.ts';
import { stagedCatalog } from './staged-catalog.ts';

export interface BarrierOptions {
  readonly catalog: Catalog;
  /** Absent: there are no other replicas. */
  readonly sharing?: LaneSharing;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** So long at most the rules of a lane wait; default {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
}

/**
 * Stands between the catalog and the publisher, so that an entry sends requests into a changed lane only when all sidecars of the
 * lane's group route it: routing is published at once, new rules when it has been acknowledged, or after a timeout.
 */
export interface Barrier {
  /** What to publish. */
  readonly catalog: Catalog;
  readonly acks: LaneAcks;
  /** Lanes that are not as they are wanted, for people; the first ones. */
  report(): readonly LaneReport[];
  /** From whom to hear of the sidecars that are connected to this replica; without it there are none. */
  follow(sidecars: () => Iterable<ConnectedSidecar>): void;
  /** Before the first sidecar: from now on changes are held back. */
  begin(): Promise<void>;
  /** A sidecar has come, gone, or acknowledged something. */
  sidecarsChanged(): void;
  close(): Promise<void>;
}

export interface LaneReport extends LaneAck {
  readonly lane: string;
  readonly group: string;
}

const TIMEOUT_MS = 10_000;
/** Acknowledgements are counted together: of a lane that waits soon, of others when there is time. */
const WAITING_MS = 10;
const RESTING_MS = 500;
/** Of a thousand sidecars the count takes a while; most of the time is for other things. */
const SHARE = 5;
const MOST_REPORTED = 50;
const NO_COUNT: LaneCount = { of: 0, routed: 0, whole: 0, missing: [] };

export function createBarrier(options: BarrierOptions): Barrier {
  return new LaneBarrier(options);
}

class LaneBarrier implements Barrier, LaneAcks {
  readonly catalog: Catalog;
  readonly #options: BarrierOptions;
  readonly #sharing: LaneSharing;
  readonly #published = new PublishedLanes();
  readonly #listeners = { changes: new Set<(change: CatalogChange) => void>(), acks: new Set<() => void>() };
  readonly #timers = { count: new SoonTimer(), overdue: new SoonTimer(), tell: new SoonTimer() };
  readonly #unsubscribe: () => void;
  #stage: Stage;
  #mesh: Versioned<MeshPart>;
  #source: Versioned<MeshPart>;
  #counts: ReadonlyMap<string, LaneCount> = new Map();
  #sidecars: () => Iterable<ConnectedSidecar> = () => [];
  #isBegun = false;
  #holds = false;

  constructor(options: BarrierOptions) {
    const { catalog, sharing = alone(), now } = options;
    this.#options = options;
    this.#sharing = sharing;
    this.#source = catalog.mesh();
    this.#stage = firstStage(this.#source.value, new Map(), now());
    this.#mesh = this.#source;
    this.#published.add(this.#mesh, this.#stage);
    this.#unsubscribe = catalog.subscribe((change) => this.#changed(change));
    sharing.subscribe(() => this.sidecarsChanged());
    this.catalog = stagedCatalog(catalog, {
      mesh: () => this.#mesh,
      subscribe: (listener) => subscribe(this.#listeners.changes, listener),
    });
  }

  get acks(): LaneAcks {
    return this;
  }

  follow(sidecars: () => Iterable<ConnectedSidecar>): void {
    this.#sidecars = sidecars;
  }

  async begin(): Promise<void> {
    await this.#sharing.start();
    this.#isBegun = true;
    this.#restage();
    this.#recount('now');
  }

  of(id: Parameters<LaneAcks['of']>[0]): LaneAck | undefined {
    const lane = this.#stage.lanes.get(laneKey(id));
    return lane === undefined ? undefined : this.#ackOf(lane);
  }

  subscribe(listener: () => void): () => void {
    return subscribe(this.#listeners.acks, listener);
  }

  report(): readonly LaneReport[] {
    const unsettled = [...this.#stage.lanes.values()].filter((lane) => lane.waitingSinceMs !== undefined);
    return unsettled
      .slice(0, MOST_REPORTED)
      .map((lane) => ({ lane: lane.lane.name, group: lane.lane.group, ...this.#ackOf(lane) }));
  }

  sidecarsChanged(): void {
    this.#timers.count.within(this.#isWaiting() ? WAITING_MS : RESTING_MS, () => this.#recount());
  }

  close(): Promise<void> {
    this.#unsubscribe();
    for (const timer of Object.values(this.#timers)) timer.close();
    return this.#sharing.close();
  }

  #changed(change: CatalogChange): void {
    const before = this.#mesh.version;
    const isNewSource = this.#options.catalog.mesh().version !== this.#source.version;
    if (change.mesh) {
      this.#restage();
      this.#count();
      this.#settle();
    }
    // What is held back concerns nobody yet; that everything is known from now on concerns all.
    const mesh = this.#mesh.version !== before || (change.mesh && !isNewSource);
    this.#emit({ ...change, mesh });
    if (change.mesh) this.#share();
    else this.sidecarsChanged();
  }

  /** Follows the catalog; until all is known nobody has been told what is held back against. */
  #restage(): void {
    const { catalog, now } = this.#options;
    this.#source = catalog.mesh();
    const { value } = this.#source;
    const isHolding = this.#holds && catalog.isWhole();
    this.#stage = isHolding
      ? nextStage(this.#stage, value, now())
      : firstStage(value, this.#heldByOthers(), now());
    this.#holds = this.#isBegun && catalog.isWhole();
    this.#publish();
  }

  #recount(urgency?: 'now'): void {
    const before = this.#mesh.version;
    const began = performance.now();
    this.#count();
    this.#timers.count.rest((performance.now() - began) * SHARE);
    this.#settle();
    if (this.#mesh.version !== before) this.#emit({ mesh: true, edge: false, keys: new Set() });
    this.#share(urgency);
  }

  #count(): void {
    const acks = new GroupAcks(this.#sidecars(), this.#stage.wanted);
    const lanes = [...this.#stage.lanes.values()];
    this.#counts = new Map(lanes.map((lane) => [lane.key, acks.count(lane, this.#published)]));
  }

  #settle(): void {
    const { now, timeoutMs = TIMEOUT_MS } = this.#options;
    const before = this.#stage;
    const isNowRouted = (lane: StagedLane): boolean => isRouted(this.#totalOf(lane));
    this.#stage = settle(before, { isRouted: isNowRouted, nowMs: now(), timeoutMs });
    this.#watchTime(timeoutMs);
    if (this.#stage === before) return;
    for (const lane of this.#stage.lanes.values()) this.#report(before.lanes.get(lane.key), lane);
    this.#publish();
  }

  #publish(): void {
    const next = new VersionedValue(publishedMesh(this.#stage));
    if (next.version !== this.#mesh.version) this.#mesh = next;
    this.#published.add(this.#mesh, this.#stage);
  }

  #watchTime(timeoutMs: number): void {
    const waiting = [...this.#stage.lanes.values()].filter(isHeld);
    if (waiting.length === 0) return this.#timers.overdue.clear();
    const first = Math.min(...waiting.map(({ waitingSinceMs = 0 }) => waitingSinceMs));
    this.#timers.overdue.at(first + timeoutMs - this.#options.now() + 1, () => this.#recount());
  }

  #share(urgency: 'now' | 'soon' = this.#isWaiting() ? 'now' : 'soon'): void {
    const lanes = new Map([...this.#stage.lanes.values()].map((lane) => [lane.key, this.#statementOf(lane)]));
    this.#sharing.say(lanes, urgency);
    if (this.#listeners.acks.size === 0) return;
    this.#timers.tell.within(RESTING_MS, () => {
      for (const listener of this.#listeners.acks) listener();
    });
  }

  #statementOf(lane: StagedLane): LaneStatement {
    const { routing, rules, published } = lane;
    const count = this.#counts.get(lane.key) ?? NO_COUNT;
    return { ...count, routing, rules: rulesHash(rules), ...(isHeld(lane) ? { held: published } : {}) };
  }

  /** Some replica waits for the sidecars of another one. */
  #isWaiting(): boolean {
    if ([...this.#stage.lanes.values()].some((lane) => lane.waitingSinceMs !== undefined)) return true;
    return this.#heldByOthers().size > 0;
  }

  #heldByOthers(): ReadonlyMap<string, HeldLane> {
    const held = new Map<string, HeldLane>();
    for (const lanes of this.#sharing.others().values()) {
      for (const [key, { routing, held: published }] of lanes)
        if (published !== undefined) held.set(key, { routing, published });
    }
    return held;
  }

  #totalOf(lane: StagedLane): LaneTotal {
    return totalOf(lane, this.#counts.get(lane.key) ?? NO_COUNT, this.#sharing.others());
  }

  #ackOf(lane: StagedLane): LaneAck {
    return ackOf(lane, this.#totalOf(lane), this.#options.timeoutMs ?? TIMEOUT_MS);
  }

  #report(before: StagedLane | undefined, now: StagedLane): void {
    const { name, group } = now.lane;
    if (now.isOverdue && before?.isOverdue !== true) {
      const { acknowledged, of, missing, reason } = this.#ackOf(now);
      this.#options.log.warn(
        { lane: name, group, acknowledged, of, missing, reason },
        'lane_not_acknowledged',
      );
    }
  }

  #emit(change: CatalogChange): void {
    for (const listener of this.#listeners.changes) listener(change);
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
