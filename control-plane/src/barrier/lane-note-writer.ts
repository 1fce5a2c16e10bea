import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { Named } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';

export interface LaneNoteWriterOptions {
  readonly client: Pick<ApiClient, 'patch'>;
  readonly place: Named;
  readonly log: Log;
  /** What nobody waits for is written so much later, with what comes meanwhile; default 5 s. */
  readonly soonMs?: number;
}

/** Key -> text, or null to take it away. */
export type LaneNotes = Readonly<Record<string, string | null>>;

const SOON_MS = 5_000;
const RETRY = { baseMs: 100, maxMs: 5_000 };

/** Writes the newest notes, one request at a time, and only news. Tries again until they are written. */
export class LaneNoteWriter {
  readonly #options: LaneNoteWriterOptions;
  #written: LaneNotes = {};
  #waiting: LaneNotes | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: LaneNoteWriterOptions) {
    this.#options = options;
  }

  write(notes: LaneNotes, urgency: 'now' | 'soon'): void {
    if (this.#isClosed) return;
    if (isSame(notes, this.#written)) {
      this.#waiting = undefined;
      return;
    }
    this.#waiting = notes;
    // Who has failed tries again in its time, whoever waits.
    if (this.#timer !== undefined && (urgency === 'soon' || this.#failures > 0)) return;
    this.#begin(urgency === 'now' ? 0 : (this.#options.soonMs ?? SOON_MS));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes this last, once. */
  async end(notes: LaneNotes): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#patch(notes).catch(() => undefined);
  }

  #begin(afterMs: number): void {
    if (this.#running !== undefined) return;
    clearTimeout(this.#timer);
    if (afterMs === 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), afterMs).unref();
  }

  #flush(): void {
    this.#timer = undefined;
    const notes = this.#waiting;
    if (notes === undefined || this.#isClosed) return;
    this.#waiting = undefined;
    this.#running = this.#patch(notes)
      .then(
        () => this.#wrote(notes),
        (err: unknown) => this.#failed(err, notes),
      )
      .then(() => (this.#running = undefined))
      .then(() => this.#goOn());
  }

  #wrote(notes: LaneNotes): void {
    this.#failures = 0;
    this.#written = notes;
    if (this.#waiting !== undefined && isSame(this.#waiting, notes)) this.#waiting = undefined;
  }

  #failed(err: unknown, notes: LaneNotes): void {
    if (this.#failures === 0) this.#options.log.warn({ err }, 'lanes_not_shared');
    this.#failures += 1;
    this.#waiting ??= notes;
  }

  /** What came meanwhile may be awaited. */
  #goOn(): void {
    if (this.#isClosed || this.#waiting === undefined) return;
    this.#begin(this.#failures === 0 ? 0 : backoffMs(this.#failures - 1, RETRY));
  }

  async #patch(data: LaneNotes): Promise<void> {
    await this.#options.client.patch(this.#options.place, { type: 'merge', body: { data } });
  }
}

function isSame(a: LaneNotes, b: LaneNotes): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
