import { createHash } from 'node:crypto';
import type { InstanceList, ServiceKey } from '../instance.ts';

export type ListListener = (list: InstanceList) => void;

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** A service that somebody follows: what was told of it last, and whom. */
export class FollowedService {
  readonly key: ServiceKey;
  readonly #listeners = new Set<ListListener>();
  #last: { readonly list: InstanceList; readonly digest: string } | undefined;
  #failures = 0;
  #retryAt = 0;

  constructor(key: ServiceKey) {
    this.key = key;
  }

  get isWanted(): boolean {
    return this.#listeners.size > 0;
  }

  /** Whether it is to be asked for now: one that the server refuses is asked for less and less often. */
  isDue(): boolean {
    return performance.now() >= this.#retryAt;
  }

  /** Whoever comes later is told what the others know. */
  join(listener: ListListener): void {
    this.#listeners.add(listener);
    queueMicrotask(() => {
      if (this.#last !== undefined && this.#listeners.has(listener)) listener(this.#last.list);
    });
  }

  leave(listener: ListListener): void {
    this.#listeners.delete(listener);
  }

  told(told: InstanceList): void {
    this.#failures = 0;
    this.#retryAt = 0;
    const list = inOrder(told);
    // The lists of a thousand services as texts would cost more than the lists.
    const digest = createHash('sha1').update(JSON.stringify(list)).digest('base64');
    if (digest === this.#last?.digest) return;
    this.#last = { list, digest };
    for (const listener of this.#listeners) listener(list);
  }

  refused(): void {
    this.#retryAt = performance.now() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
  }
}

/** Servers tell the same instances in any order. */
function inOrder({ instances, isProtected }: InstanceList): InstanceList {
  const keyed = instances.map((instance) => ({
    instance,
    key: `${instance.ip}:${instance.port}:${instance.cluster}`,
  }));
  const sorted = keyed.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return { instances: sorted.map(({ instance }) => instance), isProtected };
}
