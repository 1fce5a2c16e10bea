import type { Hop } from '@lanekeeper/protocol/hop';
import { hopId, toHop, type HopRecord, type HopText } from './hop-record.ts';

/** What `GET /hops` may ask for; fields that are undefined do not filter. */
export interface HopFilter {
  readonly lane?: string;
  /** `name` or `namespace/name`. */
  readonly service?: string;
  readonly trace?: string;
  /** A status, a class (`5xx`), or `failed`: an error, or 5xx. */
  readonly status?: string;
}

export type HopListener = (record: HopRecord) => void;

export interface HopRingOptions extends HopText {
  readonly capacity: number;
}

/** The last requests of this sidecar. Adding one is a store into an array; with nobody subscribed that is all. */
export class HopRing {
  readonly #text: HopText;
  readonly #capacity: number;
  readonly #records: HopRecord[] = [];
  readonly #listeners = new Set<HopListener>();
  #seq = 0;

  constructor(options: HopRingOptions) {
    this.#text = options;
    this.#capacity = options.capacity;
  }

  add(record: HopRecord): void {
    record.seq = ++this.#seq;
    if (this.#capacity > 0) this.#records[(record.seq - 1) % this.#capacity] = record;
    if (this.#listeners.size > 0) for (const listener of this.#listeners) listener(record);
  }

  /** Newest first, at most `limit`. */
  read(filter: HopFilter, limit: number): Hop[] {
    const matches = compileFilter(filter);
    const hops: Hop[] = [];
    for (let seq = this.#seq; seq > this.#oldest() && hops.length < limit; seq--) {
      const record = this.#at(seq);
      if (record !== undefined && matches(record)) hops.push(this.toHop(record));
    }
    return hops;
  }

  /**
   * Oldest first: what was added after the hop `id` and is still here. With an id of an earlier process all that is here; without
   * one nothing.
   */
  since(id: string | undefined): HopRecord[] {
    if (id === undefined || id === '') return [];
    const prefix = `${this.#text.idPrefix}-`;
    const after = id.startsWith(prefix) ? Number(id.slice(prefix.length)) : 0;
    const first = Math.max(Number.isSafeInteger(after) ? after : 0, this.#oldest());
    const records: HopRecord[] = [];
    for (let seq = first + 1; seq <= this.#seq; seq++) {
      const record = this.#at(seq);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** `listener` is called as each request ends, on its path: it must be quick and must not throw. Returns what ends it. */
  subscribe(listener: HopListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The id of the newest hop; with it {@link HopRing.since} gives all that comes after now. */
  lastId(): string {
    return `${this.#text.idPrefix}-${this.#seq}`;
  }

  toHop(record: HopRecord): Hop {
    return toHop(record, this.#text);
  }

  idOf(record: HopRecord): string {
    return hopId(record, this.#text.idPrefix);
  }

  #oldest(): number {
    return Math.max(0, this.#seq - this.#capacity);
  }

  #at(seq: number): HopRecord | undefined {
    return this.#records[(seq - 1) % this.#capacity];
  }
}

/** A test for records that builds no hop. */
export function compileFilter(filter: HopFilter): (record: HopRecord) => boolean {
  const tests: ((record: HopRecord) => boolean)[] = [];
  const { lane, service, trace, status } = filter;
  if (lane !== undefined) tests.push((record) => record.decision.evidence.lane === lane);
  if (service !== undefined) tests.push((record) => isService(record, service));
  if (trace !== undefined) tests.push((record) => record.traceId === trace);
  if (status !== undefined) tests.push(statusTest(status));
  return (record) => tests.every((test) => test(record));
}

/** Whether `text` can be asked for as a status. */
export function isStatusFilter(text: string): boolean {
  return text === 'failed' || /^[1-5](?:\d\d|xx)$/.test(text);
}

function isService(record: HopRecord, wanted: string): boolean {
  const service = record.decision.servicePort?.service;
  return service !== undefined && (service.id === wanted || service.name === wanted);
}

function statusTest(status: string): (record: HopRecord) => boolean {
  if (status === 'failed') return (record) => record.error !== null || record.status >= 500;
  if (!status.endsWith('xx')) return (record) => record.status === Number(status);
  const hundreds = Number(status[0]);
  return (record) => Math.floor(record.status / 100) === hundreds;
}
