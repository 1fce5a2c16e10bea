import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { readResourceVersion, type ResourceVersion } from '@lanekeeper/kubernetes/resource-version';
import type { Named } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';
import { patchOfNotes } from './draining-notes.ts';

export interface NotesWriterOptions {
  readonly client: Pick<ApiClient, 'patch'>;
  readonly place: Named;
  /** The map has these notes from that version of it on, until somebody writes others. */
  readonly onWritten: (notes: ReadonlyMap<string, string | null>, version: ResourceVersion) => void;
  readonly log: Log;
}

const RETRY = { baseMs: 250, maxMs: 10_000 };

/** Writes notes at once, one request at a time: what comes meanwhile goes together. Tries again until it is written. */
export class NotesWriter {
  readonly #options: NotesWriterOptions;
  #waiting = new Map<string, string | null>();
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isClosed = false;
  #failures = 0;

  constructor(options: NotesWriterOptions) {
    this.#options = options;
  }

  /** null: take it away. */
  write(uid: string, pod: string | null): void {
    this.#waiting.set(uid, pod);
    if (!this.#isWriting && this.#timer === undefined) void this.#flush();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    const notes = this.#waiting;
    if (this.#isClosed || notes.size === 0) return;
    this.#waiting = new Map();
    this.#isWriting = true;
    const { client, place, onWritten } = this.#options;
    try {
      const { metadata } = await client.patch(place, { type: 'merge', body: patchOfNotes(notes) });
      this.#failures = 0;
      onWritten(notes, readResourceVersion(metadata.resourceVersion));
    } catch (err) {
      this.#failed(err, notes);
    }
    this.#isWriting = false;
    if (this.#timer === undefined) void this.#flush();
  }

  #failed(err: unknown, notes: ReadonlyMap<string, string | null>): void {
    if (this.#isClosed) return;
    // What was said since then is newer.
    this.#waiting = new Map([...notes, ...this.#waiting]);
    if (this.#failures === 0) this.#options.log.warn({ err, notes: notes.size }, 'draining_not_noted');
    this.#timer = setTimeout(() => void this.#flush(), backoffMs(this.#failures, RETRY));
    this.#timer.unref();
    this.#failures += 1;
  }
}
