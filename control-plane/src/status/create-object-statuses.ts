import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { isConflict, isNotFound } from '@lanekeeper/kubernetes/api-error';
import { pathOf } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import { mergeStatus, patchOf } from './merge-status.ts';
import type { ObjectRef, ObjectStatuses } from './object-statuses.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

export interface ObjectStatusesOptions {
  readonly client: Pick<ApiClient, 'get' | 'patch'>;
  readonly leadership: {
    isLeader(): boolean;
    subscribe(listener: (isLeader: boolean) => void): () => void;
  };
  readonly log: Log;
  readonly metrics: Metrics;
  /** Between two writes of one object; default 1 s. */
  readonly intervalMs?: number;
}

export interface RunningStatuses extends ObjectStatuses {
  stop(): void;
}

type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  readonly ref: ObjectRef;
  wanted: Fields;
  /** As the object had it when that was last said, or read. */
  standing: unknown;
  /** What the server made of our last write of `wanted`; it fills in defaults, and that is no reason to write again. */
  answer: unknown;
  failures: number;
}

/** So many writes are under way at a time, and so many begin in a second: a status is for people, and the API server is for all. */
const CONCURRENCY = 4;
const PER_SECOND = 50;
const INTERVAL_MS = 1_000;
const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
/** The first failure is not worth a word: the next attempt reads the object anew. A later one is said once. */
const SAID_AT = 2;

export function createObjectStatuses(options: ObjectStatusesOptions): RunningStatuses {
  return new WrittenStatuses(options);
}

class WrittenStatuses implements RunningStatuses {
  readonly #options: ObjectStatusesOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: WriteQueue;
  readonly #count: (resource: string, result: string) => void;
  readonly #endSubscription: () => void;

  constructor(options: ObjectStatusesOptions) {
    this.#options = options;
    const writes = options.metrics.counter({
      name: 'lanekeeper_status_writes_total',
      help: 'Statuses of objects that this replica has written as the leader, by result: written, conflict, failed.',
      labels: ['resource', 'result'],
    });
    this.#count = (resource, result) => writes.with(resource, result).inc();
    this.#queue = createWriteQueue({
      ...{ concurrency: CONCURRENCY, gapMs: 1_000 / PER_SECOND },
      run: (key) => this.#write(key),
    });
    this.#endSubscription = options.leadership.subscribe((isLeader) => this.#takeOver(isLeader));
  }

  want(ref: ObjectRef, status: Fields, before: unknown): void {
    const key = keyOf(ref);
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { ref, wanted: status, standing: before, answer: undefined, failures: 0 });
    } else if (!renew(known, status, before)) return;
    this.#enqueue(key);
  }

  forget(ref: ObjectRef): void {
    const key = keyOf(ref);
    this.#entries.delete(key);
    this.#queue.remove(key);
  }

  stop(): void {
    this.#endSubscription();
    this.#queue.clear();
  }

  /** What another leader has written meanwhile is not known here for sure: everything is compared anew. */
  #takeOver(isLeader: boolean): void {
    if (!isLeader) return this.#queue.clear();
    for (const [key, entry] of this.#entries) {
      entry.failures = 0;
      this.#enqueue(key);
    }
  }

  #enqueue(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#options.leadership.isLeader()) return;
    if (this.#isAsWanted(entry)) this.#queue.remove(key);
    else this.#queue.add(key);
  }

  #isAsWanted({ standing, wanted, answer }: Entry): boolean {
    if (answer !== undefined && isDeepStrictEqual(standing, answer)) return true;
    return patchOf(standing, mergeStatus(standing, wanted, '')) === undefined;
  }

  /** Returns how long the object is to be left alone. */
  async #write(key: string): Promise<number> {
    const entry = this.#entries.get(key);
    const { leadership, intervalMs = INTERVAL_MS } = this.#options;
    if (entry === undefined || !leadership.isLeader()) return 0;
    const { wanted } = entry;
    try {
      await this.#writeOne(entry);
      entry.failures = 0;
    } catch (error) {
      this.#fail(key, entry, error);
      return isConflict(error) ? intervalMs : intervalMs + backoffMs(entry.failures - 1, BACKOFF);
    }
    // Something else may be wanted by now.
    if (entry.wanted !== wanted) this.#enqueue(key);
    return intervalMs;
  }

  /** Reads first: the conditions of others are in a list that is written whole, and must be the ones of this moment. */
  async #writeOne(entry: Entry): Promise<void> {
    const { client } = this.#options;
    const { wanted } = entry;
    const place = { ...entry.ref, subresource: 'status' };
    const object = await client.get(place);
    entry.standing = object['status'];
    if (this.#isAsWanted(entry)) return;
    const status = patchOf(entry.standing, mergeStatus(entry.standing, wanted, nowText()));
    const { resourceVersion } = object.metadata;
    const written = await client.patch(place, {
      type: 'merge',
      body: { metadata: { resourceVersion }, status },
    });
    this.#count(entry.ref.resource.plural, 'written');
    entry.standing = written['status'];
    if (entry.wanted === wanted) entry.answer = written['status'];
  }

  #fail(key: string, entry: Entry, error: unknown): void {
    // Its owner will say so, or says it anew when it is back.
    if (isNotFound(error)) return;
    const { resource, namespace, name } = entry.ref;
    entry.failures += 1;
    this.#count(resource.plural, isConflict(error) ? 'conflict' : 'failed');
    const level = entry.failures === SAID_AT ? 'warn' : 'debug';
    this.#options.log[level](
      { resource: resource.plural, namespace, object: name, attempt: entry.failures, err: error },
      'object_status_not_written',
    );
    if (this.#entries.get(key) === entry) this.#queue.add(key);
  }
}

/** False: nothing of it is new. */
function renew(entry: Entry, wanted: Fields, standing: unknown): boolean {
  const isSameWish = isDeepStrictEqual(entry.wanted, wanted);
  if (isSameWish && isDeepStrictEqual(entry.standing, standing)) return false;
  entry.standing = standing;
  if (isSameWish) return true;
  entry.wanted = wanted;
  entry.answer = undefined;
  entry.failures = 0;
  return true;
}

function keyOf(ref: ObjectRef): string {
  return pathOf(ref);
}

/** As Kubernetes writes times: without fractions of a second. */
function nowText(): string {
  return `${new Date().toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}Z`;
}
