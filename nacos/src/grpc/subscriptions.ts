import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { ServiceKey } from '../instance.ts';
import type { NacosError } from '../nacos-error.ts';
import { asNacosError } from '../as-nacos-error.ts';
import type { Connection } from './connection.ts';
import type { NamingCalls } from './naming-calls.ts';
import type { NamingReport, PushOutcome } from './naming-report.ts';
import type { RefusalLog } from '../refusal-log.ts';
import { Subscription, type Listener, type Via } from './subscription.ts';
import type { GrpcTimings } from './timings.ts';
import type { JsonObject } from './wire/json-body.ts';
import { readServiceInfo, type ServiceInfo } from './wire/service-info.ts';

export interface SubscriptionsOptions {
  readonly calls: NamingCalls;
  readonly report: NamingReport;
  readonly refusals: RefusalLog;
  readonly timings: GrpcTimings;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Requests under way at a time: as many as keep a server busy, and few enough to leave room for others. */
const MAX_RUNNING = 64;
/** How often is looked for what is due. */
const TICK_MS = 200;
const RETRY_BASE_MS = 500;
const PASSING_RETRY_AT_MOST_MS = 5000;
const OVERTAKEN_RETRY_MS = 3500;

/** All services that are followed. Makes the server know of them, again on each new connection, and asks for each now and then. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #known = new Map<string, Subscription>();
  /** Those that are due, the longest due first. */
  readonly #due = new Set<Subscription>();
  #connection: Connection | undefined;
  #running = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  add(service: ServiceKey, listener: Listener): () => void {
    const key = keyOf(service);
    const held = this.#known.get(key);
    const known = held ?? new Subscription({ group: service.group, name: service.name });
    const remove = known.add(listener);
    if (held === undefined) {
      this.#known.set(key, known);
      this.#bringSoon(known);
    }
    return () => {
      remove();
      if (!known.isWanted) this.#bringSoon(known);
    };
  }

  /** Asks for it at once; resolves when that is done, or cannot be. */
  refresh(service: ServiceKey): Promise<void> {
    const known = this.#known.get(keyOf(service));
    // What the server refuses is asked for at its own pace.
    const isPossible = known !== undefined && known.failures === 0 && this.#connection !== undefined;
    if (!isPossible) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    known.awaiting.push(resolve);
    this.#bringSoon(known);
    return promise;
  }

  /** A new connection knows of none. */
  begin(connection: Connection): void {
    this.#connection = connection;
    for (const known of this.#known.values()) {
      known.beginConnection();
      this.#due.add(known);
    }
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#pump();
    connection.ended.then(() => this.#leave(connection)).catch(() => undefined);
  }

  /** What the server has pushed, unchecked. */
  push(body: JsonObject): void {
    this.#options.report.pushed(this.#receive(body['serviceInfo']));
  }

  close(): void {
    if (this.#connection !== undefined) this.#leave(this.#connection);
    for (const known of this.#known.values()) known.release();
    this.#known.clear();
    this.#due.clear();
  }

  #leave(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    clearInterval(this.#ticker);
    for (const known of this.#known.values()) known.release();
  }

  #receive(pushed: unknown): PushOutcome {
    let info: ServiceInfo;
    try {
      info = readServiceInfo(pushed);
    } catch {
      // The next audit asks for it; which service was meant cannot be read.
      return 'malformed';
    }
    const known = this.#known.get(keyOf(info.service));
    if (known === undefined || !known.isWanted) return 'unwanted';
    this.#countMissed(known, true);
    return this.#take(known, info, 'push');
  }

  #take(known: Subscription, info: ServiceInfo, via: Via): 'told' | 'same' | 'overtaken' {
    const now = performance.now();
    const outcome = known.take(info, via, now);
    // Which of the two the server means, it says when it is asked once the other has arrived for certain.
    if (outcome === 'overtaken') known.dueAt = Math.min(known.dueAt, now + OVERTAKEN_RETRY_MS);
    return outcome;
  }

  #countMissed(known: Subscription, isPush: boolean): void {
    const { timings, report } = this.#options;
    if (known.hasMissedPush(isPush, performance.now(), timings.pushLate)) report.missed();
  }

  #tick(): void {
    const now = performance.now();
    for (const known of this.#known.values()) if (known.dueAt <= now) this.#due.add(known);
    this.#pump();
  }

  #bringSoon(known: Subscription): void {
    this.#due.add(known);
    this.#pump();
  }

  #pump(): void {
    for (const known of this.#due) {
      if (this.#connection === undefined || this.#running >= MAX_RUNNING) return;
      this.#due.delete(known);
      if (!known.isBusy) this.#bring(known, this.#connection);
    }
  }

  #bring(known: Subscription, connection: Connection): void {
    known.isBusy = true;
    this.#running += 1;
    const asking = known.awaiting.splice(0);
    const isFirst = known.registeredOn !== connection;
    const work = known.isWanted ? this.#follow(known, connection) : this.#drop(known, connection);
    work
      .catch((error: unknown) => this.#failed(known, connection, asNacosError(error)))
      .finally(() => {
        known.isBusy = false;
        this.#running -= 1;
        known.release(asking);
        // They have asked since, and the first answer is news to them, too.
        if (isFirst) known.release();
        // What has changed meanwhile: nobody wants it, or another connection does not know of it.
        const isBehind = !known.isWanted || known.registeredOn !== this.#connection;
        const isAsked = known.awaiting.length > 0;
        const isDue = (isBehind && known.failures === 0) || isAsked;
        if (isDue && this.#known.has(keyOf(known.service))) this.#due.add(known);
        this.#pump();
      })
      .catch(() => undefined);
  }

  async #follow(known: Subscription, connection: Connection): Promise<void> {
    const { calls, timings, random, refusals } = this.#options;
    const isAudit = known.registeredOn === connection;
    const info = await calls.subscribe(connection, known.service);
    if (connection !== this.#connection) return;
    const now = performance.now();
    known.registeredOn = connection;
    known.failures = 0;
    // Spread, so that what began together is not asked for together.
    known.dueAt = now + timings.auditEvery * (isAudit ? 1 : 0.5 + random());
    refusals.settled(keyOf(known.service));
    if (!known.isWanted) return;
    this.#countMissed(known, false);
    this.#take(known, info, isAudit ? 'audit' : 'answer');
  }

  async #drop(known: Subscription, connection: Connection): Promise<void> {
    if (known.registeredOn === connection) {
      known.registeredOn = undefined;
      // Where this fails, the server pushes what is not looked at.
      await this.#options.calls.unsubscribe(connection, known.service).catch(() => undefined);
    }
    if (known.isWanted) return;
    this.#known.delete(keyOf(known.service));
    this.#options.refusals.settled(keyOf(known.service));
  }

  #failed(known: Subscription, connection: Connection, error: NacosError): void {
    if (connection !== this.#connection) return;
    this.#options.refusals.failed(keyOf(known.service), error);
    const isPassing = error.code === 'nacos_timeout' || error.code === 'nacos_unreachable';
    const { timings, random } = this.#options;
    const pause = backoffMs(known.failures++, {
      baseMs: RETRY_BASE_MS,
      maxMs: isPassing ? PASSING_RETRY_AT_MOST_MS : timings.refusedRetryAtMost,
      random,
    });
    known.dueAt = performance.now() + pause;
  }
}

/** No group has an `@`. */
function keyOf({ group, name }: ServiceKey): string {
  return `${group}@@${name}`;
}
