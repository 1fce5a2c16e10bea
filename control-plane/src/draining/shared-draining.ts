import { type DrainingNotes, isNotable } from './draining-notes.ts';
import type { DrainingChange, DrainingPods, PodId } from './draining-pods.ts';

export interface SharedDrainingOptions {
  /** Notes it down for all replicas (null: takes it back), or tries until it is. */
  readonly note: (uid: string, pod: string | null) => void;
  /** Whether it is known that there is such a pod no more. */
  readonly isGone: (pod: PodId) => boolean;
}

/** What this replica has heard itself counts at once; what others have heard once they have noted it down. */
export class SharedDraining implements DrainingPods {
  readonly #options: SharedDrainingOptions;
  readonly #listeners = new Set<(change: DrainingChange) => void>();
  readonly #all = new Map<string, string>();
  /** Said here and not seen among the notes yet; null: it serves. */
  readonly #unconfirmed = new Map<string, string | null>();
  #notes: DrainingNotes = new Map();

  constructor(options: SharedDrainingOptions) {
    this.#options = options;
  }

  has(uid: string): boolean {
    return this.#all.has(uid);
  }

  all(): ReadonlyMap<string, string> {
    return this.#all;
  }

  subscribe(listener: (change: DrainingChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Its sidecar says here that it is about to go. */
  drains({ uid, pod }: PodId): void {
    if (isNotable(uid)) this.#say(uid, pod, pod);
  }

  /** A new sidecar of it is here: what was said before is over. */
  serves({ uid, pod }: PodId): void {
    if (this.#all.has(uid) || this.#notes.has(uid)) this.#say(uid, pod, null);
  }

  /** What all replicas have noted down by now. */
  read(notes: DrainingNotes): void {
    this.#notes = notes;
    for (const [uid, said] of this.#unconfirmed) {
      if ((notes.get(uid) ?? null) === said) this.#unconfirmed.delete(uid);
    }
    const before = new Map(this.#all);
    for (const [uid, pod] of before) if (!notes.has(uid)) this.#settle(uid, pod, false);
    for (const [uid, pod] of notes) this.#settle(uid, pod, false);
  }

  /** Forgets pods that are gone; `tidy`: and takes back what was noted down of them. */
  sweep(tidy: boolean): void {
    for (const [uid, pod] of [...this.#all, ...this.#notes]) {
      if (!this.#options.isGone({ uid, pod })) continue;
      this.#unconfirmed.delete(uid);
      if (tidy && this.#notes.has(uid)) this.#options.note(uid, null);
      if (!this.#notes.has(uid)) this.#settle(uid, pod, false);
    }
  }

  #say(uid: string, pod: string, said: string | null): void {
    this.#unconfirmed.set(uid, said);
    this.#options.note(uid, said);
    this.#settle(uid, pod, true);
  }

  #settle(uid: string, pod: string, heardHere: boolean): void {
    const said = this.#unconfirmed.get(uid);
    const isDraining = said === undefined ? this.#notes.has(uid) : said !== null;
    if (isDraining === this.#all.has(uid)) return;
    if (isDraining) this.#all.set(uid, pod);
    else this.#all.delete(uid);
    for (const listener of this.#listeners) listener({ pod, isDraining, heardHere });
  }
}
