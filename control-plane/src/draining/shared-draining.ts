import type { ResourceVersion } from '@lanekeeper/kubernetes/resource-version';
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
  /** Said here, and not among the notes yet as far as they have been read. */
  readonly #unconfirmed = new Map<string, Said>();
  #notes: DrainingNotes = { pods: new Map(), version: 0 };

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
    if (this.#all.has(uid) || this.#notes.pods.has(uid)) this.#say(uid, pod, null);
  }

  /** What all replicas have noted down by then; what was read before is older. */
  read(notes: DrainingNotes): void {
    this.#notes = notes;
    for (const uid of this.#unconfirmed.keys()) this.#confirm(uid);
    const before = new Map(this.#all);
    for (const [uid, pod] of before) this.#settle(uid, pod, false);
    for (const [uid, pod] of notes.pods) this.#settle(uid, pod, false);
  }

  /** Our notes are in the map from that version on; whatever a later one says is newer than what we said. */
  written(notes: ReadonlyMap<string, string | null>, version: ResourceVersion): void {
    for (const [uid, pod] of notes) {
      const said = this.#unconfirmed.get(uid);
      // Otherwise something else has been said since, which is still to be written.
      if (said === undefined || said.pod !== pod) continue;
      said.since = version;
      this.#confirm(uid);
      this.#settle(uid, pod ?? this.#all.get(uid) ?? '', false);
    }
  }

  /** Forgets pods that are gone; `tidy`: and takes back what was noted down of them. */
  sweep(tidy: boolean): void {
    for (const [uid, pod] of [...this.#all, ...this.#notes.pods]) {
      if (!this.#options.isGone({ uid, pod })) continue;
      this.#unconfirmed.delete(uid);
      if (tidy && this.#notes.pods.has(uid)) this.#options.note(uid, null);
      this.#settle(uid, pod, false);
    }
  }

  #say(uid: string, pod: string, said: string | null): void {
    this.#unconfirmed.set(uid, { pod: said, since: undefined });
    this.#options.note(uid, said);
    this.#settle(uid, pod, true);
  }

  #confirm(uid: string): void {
    const said = this.#unconfirmed.get(uid);
    if (said === undefined) return;
    const { pods, version } = this.#notes;
    const isThere = (pods.get(uid) ?? null) === said.pod;
    if (isThere || (said.since !== undefined && version >= said.since)) this.#unconfirmed.delete(uid);
  }

  #settle(uid: string, pod: string, heardHere: boolean): void {
    const said = this.#unconfirmed.get(uid);
    const isDraining = said === undefined ? this.#notes.pods.has(uid) : said.pod !== null;
    if (isDraining === this.#all.has(uid)) return;
    if (isDraining) this.#all.set(uid, pod);
    else this.#all.delete(uid);
    for (const listener of this.#listeners) listener({ pod, isDraining, heardHere });
  }
}

interface Said {
  /** null: it serves. */
  readonly pod: string | null;
  /** Version of the map that has it; undefined: it is not written yet. */
  since: ResourceVersion | undefined;
}
