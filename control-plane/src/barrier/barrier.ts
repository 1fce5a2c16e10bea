import type { Log } from '@lanekeeper/runtime/log';
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { ConnectedSidecar } from './count-acks.ts';
import type { LaneAck, LaneAcks } from './lane-acks.ts';
import { rulesHash } from './lane-content.ts';
import { alone, type LaneSharing, type LaneStatement } from './lane-statement.ts';
import { ackOf, isRouted, totalOf, type LaneTotal } from './lane-total.ts';
import { SoonTimer } from './soon-timer.ts';
import { isHeld, type HeldLane, type StagedLane } from './stage.ts';
import { stagedCatalog } from './staged-catalog.ts';
import { StagedMesh } from './staged-mesh.ts';

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

export function createBarrier(options: BarrierOptions): Barrier {
  return new LaneBarrier(options);
}

class LaneBarrier implements Barrier, LaneAcks {
  readonly catalog: Catalog;
  readonly #options: BarrierOptions;
  readonly #sharing: LaneSharing;
  readonly #staged: StagedMesh;
  readonly #listeners = { changes: new Set<(change: CatalogChange) => void>(), acks: new Set<() => void>() };
  readonly #timers = { count: new SoonTimer(), overdue: new SoonTimer(), tell: new SoonTimer() };
  readonly #unsubscribe: () => void;
  #sidecars: () => Iterable<ConnectedSidecar> = () => [];
  #isBegun = false;
  /** The source's mesh part as it was followed last, and whether all was known then. */
  #followed = { version: '', isWhole: false };

  constructor(options: BarrierOptions) {
    const { catalog, sharing = alone(), now } = options;
    this.#options = options;
    this.#sharing = sharing;
    this.#staged = new StagedMesh(catalog.mesh(), now());
    this.#unsubscribe = catalog.subscribe((change) => this.#changed(change));
    sharing.subscribe(() => this.sidecarsChanged());
    this.catalog = stagedCatalog(catalog, {
      mesh: () => this.#staged.mesh,
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
    const lane = this.#staged.lane(id);
    return lane === undefined ? undefined : this.#ackOf(lane);
  }

  subscribe(listener: () => void): () => void {
    return subscribe(this.#listeners.acks, listener);
  }

  report(): readonly LaneReport[] {
    const unsettled = this.#staged.lanes().filter((lane) => lane.waitingSinceMs !== undefined);
    return unsettled
      .slice(0, MOST_REPORTED)
      .map((lane) => ({ lane: lane.lane.name, group: lane.lane.group, ...this.#ackOf(lane) }));
  }

  sidecarsChanged(): void {
    this.#timers.count.within(this.#isAwaited() ? WAITING_MS : RESTING_MS, () => this.#recount());
  }

  close(): Promise<void> {
    this.#unsubscribe();
    for (const timer of Object.values(this.#timers)) timer.close();
    return this.#sharing.close();
  }

  #changed(change: CatalogChange): void {
    if (!change.mesh) {
      this.#emit(change);
      return this.sidecarsChanged();
    }
    const before = this.#staged.mesh.version;
    const isNewSource = this.#restage();
    this.#count();
    this.#settle();
    // What is held back concerns nobody yet; that everything is known from now on concerns all.
    this.#emit({ ...change, mesh: this.#staged.mesh.version !== before || !isNewSource });
    this.#share();
  }

  /** Follows the catalog; until all is known nothing is held back. False: it says nothing else than before. */
  #restage(): boolean {
    const { catalog, now } = this.#options;
    const { version, value } = catalog.mesh();
    const isWhole = this.#isBegun && catalog.isWhole();
    const before = this.#followed;
    if (isWhole && before.isWhole) this.#staged.follow(value, now());
    else this.#staged.begin(value, this.#heldByOthers(), now());
    this.#followed = { version, isWhole };
    return before.version !== version;
  }

  #recount(urgency?: 'now'): void {
    const before = this.#staged.mesh.version;
    const began = performance.now();
    this.#count();
    this.#timers.count.rest((performance.now() - began) * SHARE);
    this.#settle();
    if (this.#staged.mesh.version !== before) this.#emit({ mesh: true, edge: false, keys: new Set() });
    this.#share(urgency);
  }

  #count(): void {
    this.#staged.count(this.#sidecars());
  }

  #settle(): void {
    const { now, timeoutMs = TIMEOUT_MS, log } = this.#options;
    const isNowRouted = (lane: StagedLane): boolean => isRouted(this.#totalOf(lane));
    const overdue = this.#staged.settle({ isRouted: isNowRouted, nowMs: now(), timeoutMs });
    for (const lane of overdue) {
      const { name, group } = lane.lane;
      const { acknowledged, of, missing, reason } = this.#ackOf(lane);
      log.warn({ lane: name, group, acknowledged, of, missing, reason }, 'lane_not_acknowledged');
    }
    this.#watchTime(timeoutMs);
  }

  #watchTime(timeoutMs: number): void {
    const since = this.#staged.lanes().flatMap((lane) => (isHeld(lane) ? (lane.waitingSinceMs ?? []) : []));
    if (since.length === 0) this.#timers.overdue.clear();
    else
      this.#timers.overdue.at(Math.min(...since) + timeoutMs - this.#options.now() + 1, () =>
        this.#recount(),
      );
  }

  #share(urgency: 'now' | 'soon' = this.#isAwaited() ? 'now' : 'soon'): void {
    const others = this.#heldByOthers();
    const isAwaited = ({ key, waitingSinceMs }: StagedLane): boolean =>
      waitingSinceMs !== undefined || others.has(key);
    // There may be no room for all.
    const lanes = this.#staged.lanes().toSorted((a, b) => Number(isAwaited(b)) - Number(isAwaited(a)));
    this.#sharing.say(new Map(lanes.map((lane) => [lane.key, this.#statementOf(lane)])), urgency);
    if (this.#listeners.acks.size === 0) return;
    this.#timers.tell.within(RESTING_MS, () => {
      for (const listener of this.#listeners.acks) listener();
    });
  }

  #statementOf(lane: StagedLane): LaneStatement {
    const { routing, rules, published } = lane;
    const count = this.#staged.countOf(lane);
    return { ...count, routing, rules: rulesHash(rules), ...(isHeld(lane) ? { held: published } : {}) };
  }

  /** Here or elsewhere a lane waits for sidecars. */
  #isAwaited(): boolean {
    return (
      this.#staged.lanes().some((lane) => lane.waitingSinceMs !== undefined) || this.#heldByOthers().size > 0
    );
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
    return totalOf(lane, this.#staged.countOf(lane), this.#sharing.others());
  }

  #ackOf(lane: StagedLane): LaneAck {
    return ackOf(lane, this.#totalOf(lane), this.#options.timeoutMs ?? TIMEOUT_MS);
  }

  #emit(change: CatalogChange): void {
    for (const listener of this.#listeners.changes) listener(change);
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
