import { isNotFound } from './api-error.ts';
import { eventName, eventObject, placeOf, seriesKey, seriesPatch } from './event-object.ts';
import type { EventNote, EventRecorderOptions, EventTimes } from './event-note.ts';

/** Written at once before {@link EventTimes.refillMs} counts. */
const BURST = 50;
/** Notes that are remembered; the longest unheard goes first. */
const MAX_SERIES = 1_024;

interface Series {
  readonly note: EventNote;
  /** Empty until it is written. */
  name: string;
  count: number;
  /** Count as the server knows it. */
  told: number;
  heardAt: number;
  toldAt: number;
}

interface SenderOptions extends EventRecorderOptions {
  readonly times: EventTimes;
  readonly now: () => number;
}

/** One request at a time: events must never crowd out what the program is for. */
export class EventSender {
  readonly #options: SenderOptions;
  /** In the order in which they were last heard. */
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  readonly #closing = new AbortController();
  #sending: Promise<void> | undefined;
  #tokens = BURST;
  #refilledAt: number;
  #dropped = 0;
  #serial = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#refilledAt = options.now();
  }

  get dropped(): number {
    return this.#dropped;
  }

  record(note: EventNote): void {
    if (this.#closing.signal.aborted) return;
    const key = seriesKey(note);
    const now = this.#options.now();
    const known = this.#series.get(key);
    this.#series.delete(key);
    if (known === undefined || now - known.heardAt >= this.#options.times.forgetMs) {
      this.#begin(key, { note, name: '', count: 1, told: 0, heardAt: now, toldAt: Number.NEGATIVE_INFINITY });
      return;
    }
    this.#series.set(key, known);
    known.count += 1;
    known.heardAt = now;
    if (now - known.toldAt >= this.#options.times.seriesMs) this.#tell(known);
  }

  async close(timeoutMs: number): Promise<void> {
    const unsaid = [...this.#series.values()].filter(({ told, count }) => told > 0 && told < count);
    for (const series of unsaid) this.#enqueue(series);
    const timer = setTimeout(() => this.#closing.abort(), timeoutMs);
    await this.#sending;
    clearTimeout(timer);
    this.#closing.abort();
  }

  #begin(key: string, series: Series): void {
    const [oldest] = this.#series.keys();
    if (this.#series.size >= MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
    this.#series.set(key, series);
    if (!this.#tell(series)) this.#series.delete(key);
  }

  /** False: there were too many. */
  #tell(series: Series): boolean {
    if (!this.#takeToken()) {
      this.#dropped += 1;
      return false;
    }
    series.toldAt = this.#options.now();
    this.#enqueue(series);
    return true;
  }

  #takeToken(): boolean {
    const { now, times } = this.#options;
    const refill = Math.floor((now() - this.#refilledAt) / times.refillMs);
    this.#tokens = Math.min(BURST, this.#tokens + refill);
    this.#refilledAt += refill * times.refillMs;
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }

  #enqueue(series: Series): void {
    if (!this.#queue.includes(series)) this.#queue.push(series);
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
  }

  async #sendAll(): Promise<void> {
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      if (this.#closing.signal.aborted) return;
      try {
        await this.#send(series);
      } catch (err) {
        const { reason, regarding } = series.note;
        this.#options.log.debug(
          { reason, namespace: regarding.namespace, name: regarding.name, err },
          'event_not_written',
        );
      }
    }
  }

  async #send(series: Series): Promise<void> {
    const { count } = series;
    if (series.name === '') await this.#create(series);
    if (count > 1) await this.#update(series, count);
    series.told = count;
  }

  async #create(series: Series): Promise<void> {
    const { client } = this.#options;
    const { regarding } = series.note;
    this.#serial += 1;
    const unique = `${Date.now().toString(16)}${(this.#serial % 4_096).toString(16).padStart(3, '0')}`;
    const name = eventName(regarding, unique);
    const call = { signal: this.#closing.signal };
    await client.create(placeOf(regarding), eventObject(series.note, name, this.#options), call);
    series.name = name;
  }

  /** Events live for an hour: one that is gone begins anew. */
  async #update(series: Series, count: number): Promise<void> {
    const place = { ...placeOf(series.note.regarding), name: series.name };
    const call = { signal: this.#closing.signal };
    try {
      await this.#options.client.patch(place, { type: 'merge', body: seriesPatch(count) }, call);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      series.name = '';
      series.count = 1;
      await this.#create(series);
    }
  }
}
