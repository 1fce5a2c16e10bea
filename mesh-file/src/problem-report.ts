import type { ConfigProblem } from '@lanekeeper/runtime/env';

/** A file that is wrong everywhere (a generator's bug) needs no longer list. */
const MAX_PROBLEMS = 100;

/** Collects the problems of one document, each with its path and place. */
export class ProblemReport {
  /** A person's unknown key is a slip; a newer program's is a field that this version does without. */
  readonly unknownKeys: 'refused' | 'ignored';
  readonly #problems: ConfigProblem[] = [];
  #omitted = 0;

  constructor(unknownKeys: 'refused' | 'ignored' = 'refused') {
    this.unknownKeys = unknownKeys;
  }

  add(path: string, message: string): void {
    if (this.isFull()) this.#omitted += 1;
    else this.#problems.push({ path, message });
  }

  /** Nothing that is added now will be shown; costly messages need not be made. */
  isFull(): boolean {
    return this.#problems.length >= MAX_PROBLEMS;
  }

  problems(): readonly ConfigProblem[] {
    if (this.#omitted === 0) return this.#problems;
    return [...this.#problems, { path: 'and more', message: `${this.#omitted} further problems` }];
  }
}
