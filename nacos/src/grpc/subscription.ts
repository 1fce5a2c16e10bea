import type { InstanceList, ServiceKey } from '../instance.ts';
import type { Connection } from './connection.ts';
import { isSameList } from './same-list.ts';
import type { ServiceInfo } from './wire/service-info.ts';

export type Listener = (list: InstanceList) => void;

/** How a list has come: pushed, as the answer to a subscription, or as that to one that was there already. */
export type Via = 'push' | 'answer' | 'audit';

/**
 * An answer and a push that are on their way at the same time may arrive in the wrong order, some milliseconds apart. What is older
 * than something that came longer ago than this was made by a clock that has been set back: it is news.
 */
const OVERTAKING_MS = 3000;

/** One service that somebody follows: its listeners, and the last list they were told. Times are `performance.now`'s. */
export class Subscription {
  readonly service: ServiceKey;
  /** The connection on which the server knows of it. */
  registeredOn: Connection | undefined = undefined;
  /** When to ask for it (again). */
  dueAt = 0;
  /** How often in a row that has failed. */
  failures = 0;
  isBusy = false;
  /** Told when it has been asked for, or cannot be. */
  awaiting: (() => void)[] = [];
  readonly #listeners = new Set<Listener>();
  #list: InstanceList | undefined;
  #last = { madeAtMs: 0, at: -Infinity };
  /** When an audit has shown what no push had told. */
  #suspectSince: number | undefined;

  constructor(service: ServiceKey) {
    this.service = service;
  }

  get isWanted(): boolean {
    return this.#listeners.size > 0;
  }

  get list(): InstanceList | undefined {
    return this.#list;
  }

  add(listener: Listener): () => void {
    let isTold = false;
    const own: Listener = (list) => {
      isTold = true;
      listener(list);
    };
    this.#listeners.add(own);
    // Not from within `subscribe`: its caller is not ready for it.
    queueMicrotask(() => {
      if (this.#list !== undefined && !isTold && this.#listeners.has(own)) own(this.#list);
    });
    return () => void this.#listeners.delete(own);
  }

  /** Whoever waits waits no longer. */
  release(waiting: readonly (() => void)[] = this.awaiting.splice(0)): void {
    for (const resolve of waiting) resolve();
  }

  /** Another server, or another life of the same one, has another clock. */
  beginConnection(): void {
    this.#last = { madeAtMs: 0, at: -Infinity };
    this.#suspectSince = undefined;
  }

  take(info: ServiceInfo, via: Via, now: number): 'told' | 'same' | 'overtaken' {
    if (info.madeAtMs < this.#last.madeAtMs && now - this.#last.at < OVERTAKING_MS) return 'overtaken';
    this.#last = { madeAtMs: info.madeAtMs, at: now };
    if (this.#list !== undefined && isSameList(this.#list, info.list)) return 'same';
    if (via === 'audit') this.#suspectSince = now;
    this.#list = info.list;
    for (const listener of this.#listeners) listener(info.list);
    return 'told';
  }

  /** Whether a push has failed to come, and is `lateMs` late; says so once for each. `isPush`: one comes now. */
  hasMissedPush(isPush: boolean, now: number, lateMs: number): boolean {
    const since = this.#suspectSince;
    if (since === undefined) return false;
    const isLate = now - since > lateMs;
    if (isPush || isLate) this.#suspectSince = undefined;
    return isLate;
  }
}
