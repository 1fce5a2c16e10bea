import type { MeshConfig } from '@lanekeeper/protocol/model';
import { ConfigError, type ConfigProblem } from '@lanekeeper/runtime/env';
import type { Snapshot } from '../route/snapshot.ts';
import { DEFAULT_GATEWAY } from '@lanekeeper/mesh-file/decode-gateway';
import { DEFAULT_MESH_SETTINGS } from '@lanekeeper/mesh-file/decode-settings';
import { generationOf } from './generation.ts';

/** A mesh without services: everything passes through. */
export const EMPTY_MESH: MeshConfig = {
  settings: DEFAULT_MESH_SETTINGS,
  services: [],
  groups: [],
  lanes: [],
  colouring: [],
  gateway: DEFAULT_GATEWAY,
};

export interface StoreOptions {
  /** Compiles a valid configuration; the snapshot carries `generation`. */
  readonly compile: (config: MeshConfig, generation: string) => Snapshot;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/** Called after the swap with the snapshot that holds from now on, and what it was compiled from. */
export type SnapshotListener = (snapshot: Snapshot, config: MeshConfig) => void;

/** What a source did so far; for `GET /config` and metrics. */
export interface StoreStatus {
  readonly generation: string;
  /** RFC 3339; null while the mesh is the empty one of the start. */
  readonly acceptedAt: string | null;
  /** Generations taken over. */
  readonly accepted: number;
  /** Configurations refused; `lanekeeper_config_rejected_total`. */
  readonly rejected: number;
  /** Why the newest configuration is not the one in force; null when it is. */
  readonly rejection: { readonly at: string; readonly problems: readonly ConfigProblem[] } | null;
}

/** Holds the one snapshot in force. Sources write, everybody else reads; a reader keeps what it got for one decision. */
export class SnapshotStore {
  readonly #compile: StoreOptions['compile'];
  readonly #now: () => number;
  readonly #listeners = new Set<SnapshotListener>();
  #snapshot: Snapshot;
  #config: MeshConfig = EMPTY_MESH;
  #acceptedAt: string | null = null;
  #accepted = 0;
  #rejected = 0;
  #rejection: StoreStatus['rejection'] = null;

  constructor(options: StoreOptions) {
    this.#compile = options.compile;
    this.#now = options.now ?? Date.now;
    this.#snapshot = options.compile(EMPTY_MESH, generationOf(EMPTY_MESH));
  }

  current(): Snapshot {
    return this.#snapshot;
  }

  /** What the snapshot in force was compiled from. */
  config(): MeshConfig {
    return this.#config;
  }

  /**
   * Puts `config` in force. False when it says what is in force already: that is no new generation and nobody is told. Throws a
   * ConfigError and changes nothing when it cannot be compiled.
   */
  accept(config: MeshConfig): boolean {
    const generation = generationOf(config);
    const isNew = generation !== this.#snapshot.generation || this.#accepted === 0;
    if (isNew) this.#swap(this.#compiled(config, generation), config);
    this.#rejection = null;
    return isNew;
  }

  /** Keeps what is in force and remembers why the newest is not. */
  reject(problems: readonly ConfigProblem[]): void {
    this.#rejected += 1;
    this.#rejection = { at: this.#time(), problems };
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): StoreStatus {
    return {
      generation: this.#snapshot.generation,
      acceptedAt: this.#acceptedAt,
      accepted: this.#accepted,
      rejected: this.#rejected,
      rejection: this.#rejection,
    };
  }

  #compiled(config: MeshConfig, generation: string): Snapshot {
    try {
      return this.#compile(config, generation);
    } catch (cause) {
      const message = `cannot be compiled: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new ConfigError([{ path: 'document', message }]);
    }
  }

  #swap(snapshot: Snapshot, config: MeshConfig): void {
    this.#snapshot = snapshot;
    this.#config = config;
    this.#accepted += 1;
    this.#acceptedAt = this.#time();
    for (const listener of this.#listeners) listener(snapshot, config);
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}
