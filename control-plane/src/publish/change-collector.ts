import type { CanonicalKey, CatalogChange } from '../catalog/catalog.ts';

export interface CollectorOptions {
  /** Changes are handed on when there was none for so long … */
  readonly quietMs: number;
  /** … or when the first of them is so old. */
  readonly maxMs: number;
  readonly deliver: (change: CatalogChange) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Makes one change of a storm of them: a rollout touches the same service a dozen times within a second. */
export class ChangeCollector {
  readonly #options: CollectorOptions;
  #keys = new Set<CanonicalKey>();
  #relaned = new Set<string>();
  #mesh = false;
  #edge = false;
  #firstAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  add(change: CatalogChange): void {
    const { quietMs, maxMs, now } = this.#options;
    this.#firstAt ??= now();
    this.#mesh ||= change.mesh;
    this.#edge ||= change.edge;
    for (const key of change.keys) this.#keys.add(key);
    for (const address of change.relaned ?? []) this.#relaned.add(address);
    const patience = this.#firstAt + maxMs - now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, Math.min(quietMs, patience)));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #deliver(): void {
    const change = { mesh: this.#mesh, edge: this.#edge, keys: this.#keys, relaned: this.#relaned };
    this.#keys = new Set();
    this.#relaned = new Set();
    this.#mesh = false;
    this.#edge = false;
    this.#firstAt = undefined;
    this.#options.deliver(change);
  }
}
