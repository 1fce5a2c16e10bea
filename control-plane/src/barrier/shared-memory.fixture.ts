import { isDeepStrictEqual } from 'node:util';
import type { LaneSharing, ReplicaLanes } from './lane-statement.ts';

/** What replicas say to each other, in one process: each hears the others' words a turn later. */
export class SharedMemory {
  readonly #said = new Map<string, ReplicaLanes>();
  readonly #listeners = new Map<string, () => void>();

  /** A replica that is there and says nothing. */
  silent(replica: string): void {
    this.#said.set(replica, new Map());
    this.#tell(replica);
  }

  gone(replica: string): void {
    this.#said.delete(replica);
    this.#tell(replica);
  }

  sharingOf(replica: string): LaneSharing {
    return {
      others: () => new Map([...this.#said].filter(([name]) => name !== replica)),
      say: (lanes) => {
        const before = this.#said.get(replica);
        if (before !== undefined && isDeepStrictEqual(before, lanes)) return;
        this.#said.set(replica, lanes);
        this.#tell(replica);
      },
      subscribe: (listener) => void this.#listeners.set(replica, listener),
      start: () => Promise.resolve(),
      close: () => Promise.resolve(this.gone(replica)),
    };
  }

  #tell(replica: string): void {
    for (const [name, listener] of this.#listeners) if (name !== replica) setImmediate(listener);
  }
}
