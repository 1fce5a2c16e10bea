import type { ConfigProblem } from '@lanekeeper/runtime/env';

export interface DiscoveryStateOptions {
  /** `host:port` of the control plane. */
  readonly controlPlane: string;
  /** Pinned keys that are not answered yet. */
  readonly unanswered: () => readonly string[];
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/** For `GET /config`. */
export interface DiscoveryStatus {
  readonly controlPlane: string;
  readonly connected: boolean;
  /** RFC 3339; since when it is as it is. */
  readonly since: string;
  /** How the last stream ended; null before the first end. */
  readonly lastEnd: string | null;
  /** RFC 3339; null before the first. */
  readonly lastUpdateAt: string | null;
  readonly updates: number;
  readonly services: number;
  /** Part of the mesh (`mesh` or a service) -> why its newest version is not the one in force. */
  readonly refused: Readonly<Record<string, readonly ConfigProblem[]>>;
}

/** What is known of the stream, for readiness, `/config` and metrics. */
export class DiscoveryState {
  readonly #options: DiscoveryStateOptions;
  #isConnected = false;
  #since: number;
  #end: string | undefined;
  #updatedAt: number | undefined;
  #updates = 0;
  #services = 0;
  #refused: Readonly<Record<string, readonly ConfigProblem[]>> = {};
  #problem: string | undefined;
  #wasReady = false;

  constructor(options: DiscoveryStateOptions) {
    this.#options = options;
    this.#since = this.#now();
  }

  get hasMesh(): boolean {
    return this.#updatedAt !== undefined;
  }

  connected(): void {
    this.#isConnected = true;
    this.#since = this.#now();
  }

  /** False: nothing has changed by it. */
  disconnected(end: string): boolean {
    const isNews = this.#isConnected || end !== this.#end;
    if (this.#isConnected) this.#since = this.#now();
    this.#isConnected = false;
    this.#end = end;
    return isNews;
  }

  updated(services: number, refused: ReadonlyMap<string, readonly ConfigProblem[]>): void {
    this.#updatedAt = this.#now();
    this.#updates += 1;
    this.#services = services;
    this.#refused = Object.fromEntries(refused);
    this.#problem = undefined;
  }

  refused(problems: readonly ConfigProblem[], refused: ReadonlyMap<string, readonly ConfigProblem[]>): void {
    const [first] = problems;
    this.#problem = first === undefined ? undefined : `${first.path}: ${first.message}`;
    this.#refused = Object.fromEntries(refused);
  }

  /** Why this sidecar cannot serve yet. Once it could it can always: what it knew last is in force. */
  notReady(): string | undefined {
    if (this.#wasReady) return undefined;
    const waiting = `waiting for the control plane ${this.#options.controlPlane}`;
    if (!this.hasMesh) return `${waiting}: ${this.#problem ?? this.#end ?? 'connecting'}`;
    const unanswered = this.#options.unanswered();
    if (unanswered.length > 0) return `${waiting}: no answer yet to ${unanswered.slice(0, 5).join(', ')}`;
    this.#wasReady = true;
    return undefined;
  }

  /** Unix time; undefined before the first. */
  get updatedAt(): number | undefined {
    return this.#updatedAt;
  }

  status(): DiscoveryStatus {
    return {
      controlPlane: this.#options.controlPlane,
      connected: this.#isConnected,
      since: new Date(this.#since).toISOString(),
      lastEnd: this.#end ?? null,
      lastUpdateAt: this.#updatedAt === undefined ? null : new Date(this.#updatedAt).toISOString(),
      updates: this.#updates,
      services: this.#services,
      refused: this.#refused,
    };
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
