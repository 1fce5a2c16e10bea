import { setTimeout as sleep } from 'node:timers/promises';
import { afterWatch, NO_TROUBLES, pauseAfter, type NextStep, type Troubles } from './after-watch.ts';
import { ApiError } from './api-error.ts';
import { runAudit, type AuditRead } from './audit.ts';
import type { ListReason } from './kubernetes-metrics.ts';
import { keyOf } from './kube-object.ts';
import { listAll } from './list-all.ts';
import { ReflectedStore, type Change, type Reading } from './reflected-store.ts';
import { createReflectionReport, type ReflectionReport } from './reflection-report.ts';
import { REFLECTOR_TIMES, type ReflectorTimes } from './reflector-times.ts';
import { readResourceVersion, type ResourceVersion } from './resource-version.ts';
import type { ReflectorOptions } from './reflector-options.ts';
import { runWatchSession, type WatchOutcome } from './watch-session.ts';
import type { WatchEvent } from './watch-event.ts';

/** Some MB of big pods: what is parsed at once is garbage at once, and sets how large the process grows. client-go asks for 500. */
const PAGE_SIZE = 250;
interface Tuning {
  readonly times: ReflectorTimes;
  readonly now: () => number;
  readonly random: () => number;
}

interface Session {
  readonly end: AbortController;
  isOpen: boolean;
  /** Of what it brought last. */
  version: ResourceVersion;
}

/** The life of a reflector: list, watch, watch again from where it ended, and an audit now and then beside it. */
export class Reflection<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #tuning: Tuning;
  readonly #report: ReflectionReport;
  readonly #store: ReflectedStore<T>;
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  /** Version up to which everything is in the store; empty: nothing is known. */
  #position = '';
  #heardAt = Number.NEGATIVE_INFINITY;
  /** The watch that is asked for or running. */
  #session: Session | undefined;
  /** Whole lists taken over, so that an audit knows that it is void. */
  #lists = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#tuning = {
      times: { ...REFLECTOR_TIMES, ...options.times },
      now: options.now ?? (() => performance.now()),
      random: options.random ?? Math.random,
    };
    this.#report = createReflectionReport(options.metrics, options.log, this.#resource());
    this.#store = new ReflectedStore({
      transform: options.transform,
      onChange: (change) => this.#tell(change),
      onMalformed: this.#report.malformed,
    });
    // Whoever does not wait for it has no use for the rejection.
    this.#synced.promise.catch(() => undefined);
  }

  get store(): ReadonlyMap<string, T> {
    return this.#store.values;
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  hasSynced(): boolean {
    return this.#lists > 0;
  }

  silenceMs(): number {
    return this.#tuning.now() - this.#heardAt;
  }

  start(): void {
    const { metrics } = this.#options;
    const resource = this.#resource();
    const [objects, synced] = [metrics.objects.with(resource), metrics.synced.with(resource)];
    const silence = metrics.silence.with(resource);
    metrics.onCollect(() => {
      objects.set(this.#store.values.size);
      synced.set(Number(this.hasSynced()));
      silence.set(this.silenceMs() / 1_000);
    });
    void this.#run();
    void this.#runAudits();
  }

  stop(): void {
    this.#stopping.abort();
    this.#session?.end.abort('stopped');
    this.#synced.reject(new Error(`the reflector of ${this.#resource()} was stopped before its first list`));
  }

  async #run(): Promise<void> {
    let troubles: Troubles = NO_TROUBLES;
    let list: ListReason | undefined = 'first';
    while (!this.#stopping.signal.aborted) {
      const step: NextStep =
        list === undefined ? await this.#watch(troubles) : await this.#list(list, troubles);
      ({ troubles, list } = { list: undefined, ...step });
      await this.#pause(step.pauseMs);
    }
  }

  async #list(why: ListReason, troubles: Troubles): Promise<NextStep> {
    const readings = new Map<string, Reading<T>>();
    const unread = new Set<string>();
    try {
      const version = await this.#listAll(why, {
        onStart: () => {
          readings.clear();
          unread.clear();
        },
        onObject: (object) => {
          const reading = this.#store.read(object);
          if (reading === undefined) unread.add(keyOf(object));
          else readings.set(reading.key, reading);
        },
      });
      this.#store.replace(readings, unread, readResourceVersion(version));
      this.#position = version;
      this.#lists += 1;
      this.#synced.resolve();
      return { troubles, pauseMs: 0 };
    } catch (error) {
      const known = error instanceof ApiError ? error : undefined;
      const { failures } = troubles;
      if (!this.#stopping.signal.aborted) this.#report.listFailed(why, failures, error);
      const pauseMs = pauseAfter(failures, known?.retryAfterMs, this.#tuning.times, this.#tuning.random);
      return { troubles: { ...troubles, failures: failures + 1 }, pauseMs, list: why };
    }
  }

  async #listAll(why: ListReason, read: AuditRead): Promise<string> {
    const { client, place, labelSelector, fieldSelector } = this.#options;
    const startedAt = this.#tuning.now();
    const version = await listAll({
      client,
      place,
      options: {
        limit: PAGE_SIZE,
        timeoutMs: this.#tuning.times.listTimeoutMs,
        signal: this.#stopping.signal,
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
      },
      ...read,
    });
    this.#heardAt = this.#tuning.now();
    this.#report.listed(why, this.#heardAt - startedAt);
    return version;
  }

  async #watch(troubles: Troubles): Promise<NextStep> {
    const version = readResourceVersion(this.#position);
    const session: Session = { end: new AbortController(), isOpen: false, version };
    this.#session = session;
    const { now, times, random } = this.#tuning;
    const [startedAt, from] = [now(), this.#position];
    const outcome = await this.#runSession(session, troubles.failures);
    this.#session = undefined;
    const livedMs = now() - startedAt;
    const [hasOpened, hasProgressed] = [session.isOpen, this.#position !== from];
    const step = afterWatch({ outcome, livedMs, hasOpened, hasProgressed }, troubles, times, random);
    this.#report.over(outcome, step, livedMs);
    return step;
  }

  #runSession(session: Session, failures: number): Promise<WatchOutcome> {
    const { client, place, labelSelector, fieldSelector } = this.#options;
    const { times, random } = this.#tuning;
    return runWatchSession({
      client,
      place,
      resourceVersion: this.#position,
      timeoutSeconds: Math.ceil((times.watchMs * (1 + random())) / 1_000),
      silenceMs: times.silenceMs,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      signal: session.end.signal,
      onOpen: () => {
        session.isOpen = true;
        this.#heardAt = this.#tuning.now();
        this.#report.opened(failures);
      },
      onEvent: (event) => this.#onEvent(session, event),
    });
  }

  #onEvent(session: Session, event: Exclude<WatchEvent, { type: 'ERROR' }>): void {
    this.#heardAt = this.#tuning.now();
    this.#report.event(event.type);
    const isBookmark = event.type === 'BOOKMARK';
    const text = isBookmark ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '');
    const version = readResourceVersion(text);
    if (version < session.version) throw historyWentBack(text, session.version);
    session.version = version;
    if (!isBookmark) this.#store.apply(event.type, event.object);
    if (text !== '') this.#advance(text);
  }

  #advance(version: string): void {
    if (!(readResourceVersion(version) < readResourceVersion(this.#position))) this.#position = version;
  }

  async #runAudits(): Promise<void> {
    const { auditMs } = this.#tuning.times;
    while (!this.#stopping.signal.aborted) {
      await this.#pause(auditMs * (0.8 + 0.4 * this.#tuning.random()));
      const session = this.#session;
      if (session?.isOpen !== true || this.#stopping.signal.aborted) continue;
      try {
        await this.#audit(session);
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#report.auditFailed(error);
      }
    }
  }

  async #audit(session: Session): Promise<void> {
    const [lists, position] = [this.#lists, readResourceVersion(this.#position)];
    let version = '';
    const count = await runAudit({
      graceMs: this.#tuning.times.graceMs,
      begin: () => this.#store.beginAudit(),
      list: async (read) => {
        version = await this.#listAll('audit', read);
        // What a list shows is never older than what a watch has brought before it.
        if (readResourceVersion(version) < position) session.end.abort('gone');
        return readResourceVersion(version);
      },
      hasSeen: (seen) => readResourceVersion(this.#position) >= seen,
      isValid: () => this.#lists === lists && session.end.signal.reason !== 'gone',
      pause: (ms) => this.#pause(ms),
      now: this.#tuning.now,
    });
    if (count === 0) return;
    this.#advance(version);
    // A watch that broke meanwhile may have been about to bring it: that is late, not missed.
    const isMissed = this.#session === session;
    this.#report.behind(count, isMissed);
    if (isMissed) session.end.abort('missed');
  }

  /** A handler that fails is a mistake of its own: it must not look like one of the watch. */
  #tell(change: Change<T>): void {
    try {
      this.#options.onChange?.(change);
    } catch (err) {
      this.#report.handlerFailed(change.key, err);
    }
  }

  /** Resolves at once when all is over. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #resource(): string {
    return this.#options.place.resource.plural;
  }
}

/** A backup of etcd was restored: versions that we know are of a future that never came. */
function historyWentBack(found: string, known: ResourceVersion): ApiError {
  return new ApiError(`the server's history has gone back: ${found} came after ${known}`, {
    code: 'refused',
    status: 410,
    reason: 'Expired',
  });
}
