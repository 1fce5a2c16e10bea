import { complain, down, pathOf } from './decoder.ts';
import type { Origins } from './origins.ts';

/** Remembers who declared what; a second declaration is reported where it stands. */
export class Claims {
  readonly #origins: Origins;
  readonly #owners = new Map<string, object>();

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** `owner` declares `key` at `steps` from where it stands. `what` begins the sentence. */
  claim(key: string, owner: object, what: string, ...steps: readonly (string | number)[]): void {
    const first = this.#owners.get(key);
    const at = this.#origins.get(owner);
    if (first === undefined) this.#owners.set(key, owner);
    else if (at !== undefined)
      complain(down(at, ...steps), `${what} is already declared by ${this.#pathTo(first)}`);
  }

  #pathTo(owner: object): string {
    const at = this.#origins.get(owner);
    return at === undefined ? '' : pathOf(at);
  }
}
