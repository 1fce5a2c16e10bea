import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { placeOf } from '../convert/place-of.ts';

/** What a server says of one service, against what was known of it before the server came back. */
export class WatchedService {
  #told: readonly EndpointConfig[];
  /** By place, what could be used before; empty while nothing is in doubt. */
  readonly #before = new Map<string, EndpointConfig>();
  /** Those of it that the server lacks, each with since when, in milliseconds. */
  readonly #missing = new Map<string, number>();
  /** Those that are let go all the same: the server is thought to know. */
  readonly #believed = new Set<string>();
  #isHeld = false;

  /** `known` stands for what the server says until it says something. */
  constructor(known: readonly EndpointConfig[]) {
    this.#told = known;
  }

  /** From now on what is served at this moment counts as what was known. */
  doubt(nowMs: number): void {
    const served = this.served();
    this.trust();
    for (const endpoint of served) if (endpoint.healthy) this.#before.set(placeOf(endpoint), endpoint);
    this.#compare(nowMs);
  }

  /** What the server says holds. */
  trust(): void {
    this.#before.clear();
    this.#missing.clear();
    this.#believed.clear();
    this.#isHeld = false;
  }

  tell(endpoints: readonly EndpointConfig[], nowMs: number): void {
    this.#told = endpoints;
    this.#compare(nowMs);
  }

  /** Keeps all that are missing, and those that will be; who comes back is no longer in doubt. */
  hold(): void {
    this.#believed.clear();
    this.#isHeld = true;
  }

  /** Lets go what has been missing for the time that its loss may be doubted; whether that was anything. */
  believe(nowMs: number, patience: Patience): boolean {
    const count = this.#believed.size;
    const isLast = !this.#told.some(({ healthy }) => healthy);
    for (const [place, sinceMs] of this.#missing) {
      if (sinceMs + (isLast ? patience.lastMs : patience.someMs) <= nowMs) this.#believed.add(place);
    }
    return this.#believed.size > count;
  }

  /** How many were known, how many of them the server lacks, how many of these are served. */
  counts(): { readonly known: number; readonly missing: number; readonly kept: number } {
    const missing = this.#missing.size;
    return { known: this.#before.size, missing, kept: missing - this.#believed.size };
  }

  served(): readonly EndpointConfig[] {
    const kept = new Map<string, EndpointConfig>();
    for (const place of this.#missing.keys()) {
      const endpoint = this.#believed.has(place) ? undefined : this.#before.get(place);
      if (endpoint !== undefined) kept.set(place, endpoint);
    }
    if (kept.size === 0) return this.#told;
    return [...this.#told.filter((endpoint) => !kept.has(placeOf(endpoint))), ...kept.values()];
  }

  /** What somebody has switched off, or given no lane name, is not missing. */
  #compare(nowMs: number): void {
    const there = new Set<string>();
    for (const endpoint of this.#told) {
      if (endpoint.healthy || endpoint.dropReason !== undefined) there.add(placeOf(endpoint));
    }
    for (const place of this.#before.keys()) {
      if (!there.has(place)) {
        if (!this.#missing.has(place)) this.#missing.set(place, nowMs);
      } else if (this.#missing.delete(place)) {
        this.#believed.delete(place);
        if (this.#isHeld) this.#before.delete(place);
      }
    }
  }
}

/** For how long a loss is doubted while few are missing: of some instances of a service, and of all that are left. */
export interface Patience {
  readonly someMs: number;
  readonly lastMs: number;
}
