import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { ApiError, isNotFound } from '@lanekeeper/kubernetes/api-error';
import { createReflector, type Change, type Reflector } from '@lanekeeper/kubernetes/reflector';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { FieldReader } from './read/fields.ts';
import { TableBatch } from './table-batch.ts';
import { problemsOf, type TableOptions, type WatchContext, type WatchedTable } from './watch-table.ts';

/** A table of a kind that this API server may not serve (a custom resource, a Gateway API): empty then, and nothing is wrong. */
export interface OptionalTable<T> extends WatchedTable<T> {
  /** Whether the API server knows the kind, as far as has been seen. */
  isServed(): boolean;
}

const LOOK_AGAIN_MS = 10_000;
const BACKOFF = { baseMs: 250, maxMs: 5_000 };
/**
 * An API server sends no bookmarks for a custom resource that nothing has ever happened to. So that its silence is not taken for a
 * dead connection, watches of such kinds end in order (after one to two of these) before silence counts.
 */
const OFTEN_BEGUN = { watchMs: 60_000 };

/** Looks for the kind until it is there, and again once it is there no more. */
export function watchOptional<T>(context: WatchContext, options: TableOptions<T>): OptionalTable<T> {
  return new LookedForTable(context, options);
}

class LookedForTable<T> implements OptionalTable<T> {
  readonly store = new Map<string, T>();
  readonly #context: WatchContext;
  readonly #options: TableOptions<T>;
  readonly #reader: FieldReader;
  readonly #batch = new TableBatch<T>();
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #reflector: Reflector<T> | undefined;
  #hasSynced = false;
  /** Why it is not read though it may be served. */
  #refusal = '';

  constructor(context: WatchContext, options: TableOptions<T>) {
    this.#context = context;
    this.#options = options;
    const malformed = context.metrics.malformedFields.with(options.resource.plural);
    this.#reader = new FieldReader(() => malformed.inc());
    // Whoever does not wait for it has no use for the rejection.
    this.#synced.promise.catch(() => undefined);
  }

  isServed(): boolean {
    return this.#reflector !== undefined;
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** What is not served is known as well as can be. */
  silenceMs(): number {
    if (this.#reflector !== undefined) return this.#reflector.silenceMs();
    return this.#hasSynced ? 0 : Number.POSITIVE_INFINITY;
  }

  take(): ReturnType<WatchedTable<T>['take']> {
    return this.#batch.take(this.store);
  }

  isUnchanged(): boolean {
    return this.#batch.isEmpty;
  }

  problems(): readonly string[] {
    if (this.#refusal !== '') return [this.#refusal];
    if (this.#reflector === undefined && this.#hasSynced) return [];
    return problemsOf(this.#reflector ?? this, this.#options.resource.plural);
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
    this.#reflector?.stop();
    const { plural } = this.#options.resource;
    this.#synced.reject(new Error(`the watch of ${plural} was stopped before it was known`));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (!(await this.#appeared())) return;
      await this.#follow();
      this.#forgetAll();
    }
  }

  /** Resolves to true once the server serves the kind; false: stopped. */
  async #appeared(): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const found = await this.#look();
      if (found === 'served') return true;
      if (found !== 'unknown') this.#becomeSynced();
      failures = found === 'unknown' ? failures + 1 : 0;
      await sleep(this.#pauseMs(failures), undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  #pauseMs(failures: number): number {
    if (failures === 0) return this.#context.lookAgainMs ?? LOOK_AGAIN_MS;
    return backoffMs(failures - 1, { ...BACKOFF, random: Math.random });
  }

  /**
   * A right that is missing must not keep the rest of the mesh waiting: the kind counts as empty, with a problem. While the server
   * cannot be asked, nothing is known.
   */
  async #look(): Promise<'served' | 'absent' | 'forbidden' | 'unknown'> {
    const { signal } = this.#stopping;
    try {
      await this.#context.client.list({ resource: this.#options.resource }, { limit: 1, signal });
      this.#refusal = '';
      return 'served';
    } catch (error) {
      if (isForbidden(error)) {
        this.#refuse(error);
        return 'forbidden';
      }
      this.#refusal = '';
      return isNotFound(error) ? 'absent' : 'unknown';
    }
  }

  #refuse(error: ApiError): void {
    const { plural } = this.#options.resource;
    if (this.#refusal === '') this.#context.log.warn({ resource: plural, err: error }, 'kind_not_readable');
    this.#refusal = `${plural} count as absent: ${error.message}`;
  }

  /** Resolves when the kind is served no more, or the table is stopped. */
  async #follow(): Promise<void> {
    const { resource, read, fieldSelector } = this.#options;
    this.#context.log.info({ resource: resource.plural, group: resource.group }, 'kind_served');
    const gone = Promise.withResolvers<void>();
    const reflector = createReflector<T>({
      ...this.#context,
      times: { ...OFTEN_BEGUN, ...this.#context.times },
      client: watchedClient(this.#context.client, this.#goneAfter(gone.resolve)),
      place: { resource },
      transform: (object) => read(object, this.#reader),
      onChange: (change) => this.#take(change),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
    this.#reflector = reflector;
    this.#stopping.signal.addEventListener('abort', () => gone.resolve(), { once: true });
    reflector.synced().then(
      () => this.#becomeSynced(),
      () => undefined,
    );
    reflector.start();
    await gone.promise;
    reflector.stop();
    this.#reflector = undefined;
  }

  /** A server that starts may not know its own kinds for a moment: only what is away for long is believed. */
  #goneAfter(tell: () => void): (isThere: boolean) => void {
    let awaySince: number | undefined;
    return (isThere) => {
      awaySince = isThere ? undefined : (awaySince ?? performance.now());
      const patienceMs = this.#context.lookAgainMs ?? LOOK_AGAIN_MS;
      if (awaySince !== undefined && performance.now() - awaySince >= patienceMs) tell();
    };
  }

  #take(change: Change<T>): void {
    if (change.kind === 'deleted') this.store.delete(change.key);
    else this.store.set(change.key, change.value);
    this.#batch.add(change);
    this.#options.onPending();
  }

  #forgetAll(): void {
    if (this.#stopping.signal.aborted) return;
    this.#context.log.info({ resource: this.#options.resource.plural }, 'kind_not_served_any_longer');
    this.#becomeSynced();
    for (const [key, old] of [...this.store]) this.#take({ kind: 'deleted', key, old });
  }

  #becomeSynced(): void {
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#synced.resolve();
  }
}

function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403;
}

/** The same client; `seen` is told of each answer whether the kind may be there. */
function watchedClient(client: ApiClient, seen: (isThere: boolean) => void): ApiClient {
  const look = async <A>(answer: Promise<A>): Promise<A> => {
    try {
      const given = await answer;
      seen(true);
      return given;
    } catch (error) {
      // One that cannot be asked says nothing of it.
      seen(!isNotFound(error));
      throw error;
    }
  };
  return {
    ...client,
    list: (place, options) => look(client.list(place, options)),
    watch: (place, options) => look(client.watch(place, options)),
  };
}
