import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { RecoveryPolicy } from '../registry.ts';
import { WatchedService, type Patience } from './watched-service.ts';

/**
 * After a new connection. A server that was stopped and goes on (SIGSTOP, a long pause) first says what it knew and then, as its
 * checks find everybody silent, drops them; its checks come every 5 s.
 */
const WATCH_MS = 15_000;
/** The answers of a server that has come back arrive one after the other; what is lost shows within this. */
const PATIENCE: Patience = { someMs: 500, lastMs: 1_500 };

/** Undefined: what the server says is served. */
export interface Hold {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Instances that were known when it began, and how many of them the server lacked. */
  readonly known: number;
  readonly missing: number;
}

type Phase = { readonly kind: 'steady' | 'watching' } | { readonly kind: 'holding'; readonly hold: Hold };

const STEADY: Phase = { kind: 'steady' };
const WATCHING: Phase = { kind: 'watching' };

/**
 * Decides what is served of the services that are followed at one server: what it says, but after a loss of its data what was known
 * before. Has no clock and no timers: whoever owns it calls `advance` when `dueMs` has come.
 *
 * Over one connection the server is believed at once. After a new one it is watched for a while: where at least `missingShare` of
 * all instances that were known are missing, it is taken to have lost its data, and they are kept for `holdMs`, or until they are
 * back; where fewer are, they are let go.
 */
export class RecoveryWatch {
  readonly #policy: RecoveryPolicy;
  readonly #services = new Map<string, WatchedService>();
  readonly #touched = new Set<string>();
  #phase: Phase = STEADY;
  #watchedUntilMs = 0;
  #isLost = false;

  constructor(policy: RecoveryPolicy) {
    this.#policy = policy;
  }

  /** `known` is served until the server says what there is. */
  follow(service: string, known: readonly EndpointConfig[], nowMs: number): void {
    const watched = new WatchedService(known);
    if (this.#phase.kind !== 'steady') watched.doubt(nowMs);
    if (this.#phase.kind === 'holding') watched.hold();
    this.#services.set(service, watched);
  }

  forget(service: string): void {
    this.#services.delete(service);
    this.#touched.delete(service);
  }

  /** The connection is lost: until there is a new one everything stays as it is. */
  lost(): void {
    this.#isLost = true;
  }

  /** There is a new connection. */
  connected(nowMs: number): void {
    this.#isLost = false;
    if (this.#policy.holdMs === 0) return;
    for (const watched of this.#services.values()) watched.doubt(nowMs);
    this.#watchedUntilMs = nowMs + WATCH_MS;
    // While it was away nobody could come back: the time begins anew.
    if (this.#phase.kind === 'holding') this.#beginHold(nowMs);
    else this.#phase = WATCHING;
    this.#judge(nowMs);
  }

  tell(service: string, endpoints: readonly EndpointConfig[], nowMs: number): void {
    const watched = this.#services.get(service);
    if (watched === undefined) return;
    watched.tell(endpoints, nowMs);
    this.#touched.add(service);
    this.#judge(nowMs);
  }

  advance(nowMs: number): void {
    if (!this.#isLost) this.#judge(nowMs);
  }

  /** When `advance` would decide something; undefined: never. */
  dueMs(nowMs: number): number | undefined {
    if (this.#isLost || this.#phase.kind === 'steady') return undefined;
    if (this.#phase.kind === 'holding') return this.#phase.hold.untilMs;
    const isInDoubt = [...this.#services.values()].some((watched) => watched.counts().kept > 0);
    return isInDoubt ? Math.min(nowMs + PATIENCE.someMs, this.#watchedUntilMs) : this.#watchedUntilMs;
  }

  /** What is to be served of a service that is followed. */
  served(service: string): readonly EndpointConfig[] | undefined {
    return this.#services.get(service)?.served();
  }

  /** Services of which something else may be served than when this was last asked. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  hold(): Hold | undefined {
    return this.#phase.kind === 'holding' ? this.#phase.hold : undefined;
  }

  /** Whether what the server says is taken as it is. */
  isSteady(): boolean {
    return this.#phase.kind === 'steady' && !this.#isLost;
  }

  /** Instances that are served though the server lacks them. */
  kept(): number {
    return this.#sum().kept;
  }

  /** The services that they are of. */
  keptServices(): readonly string[] {
    return [...this.#services].filter(([, watched]) => watched.counts().kept > 0).map(([service]) => service);
  }

  #judge(nowMs: number): void {
    if (this.#phase.kind === 'steady') return;
    const { missing, known, kept } = this.#sum();
    if (this.#phase.kind === 'holding') {
      if (nowMs >= this.#phase.hold.untilMs || (missing === 0 && nowMs >= this.#watchedUntilMs)) this.#end();
      // All are back, but others may still be dropped.
      else if (missing === 0) this.#phase = WATCHING;
    } else if (missing > 0 && missing >= known * this.#policy.missingShare) this.#beginHold(nowMs);
    else if (nowMs >= this.#watchedUntilMs) this.#end();
    else if (kept > 0) this.#believe(nowMs);
  }

  #beginHold(nowMs: number): void {
    const { missing, known } = this.#sum();
    const hold: Hold = { sinceMs: nowMs, untilMs: nowMs + this.#policy.holdMs, known, missing };
    this.#phase = { kind: 'holding', hold };
    for (const [service, watched] of this.#services) {
      if (watched.counts().missing > 0) this.#touched.add(service);
      watched.hold();
    }
  }

  #believe(nowMs: number): void {
    for (const [service, watched] of this.#services) {
      if (watched.believe(nowMs, PATIENCE)) this.#touched.add(service);
    }
  }

  #end(): void {
    this.#phase = STEADY;
    for (const [service, watched] of this.#services) {
      if (watched.counts().kept > 0) this.#touched.add(service);
      watched.trust();
    }
  }

  #sum(): { readonly known: number; readonly missing: number; readonly kept: number } {
    const sum = { known: 0, missing: 0, kept: 0 };
    for (const watched of this.#services.values()) {
      const { known, missing, kept } = watched.counts();
      sum.known += known;
      sum.missing += missing;
      sum.kept += kept;
    }
    return sum;
  }
}
