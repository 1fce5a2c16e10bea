import type { ConfigProblem } from '@lanekeeper/runtime/env';

/** A file that is wrong everywhere (a generator's bug) needs no longer list. */
const MAX_PROBLEMS = 100;

/** Collects the problems of one document, each with its path and place. */
export class ProblemReport {
  /** A person's unknown key is a slip; a newer program's is a field that this version does without. */
  readonly unknownKeys: 'refused' | 'ignored';
  readonly #collected: Collected;
  readonly #prefix: string;

  constructor(unknownKeys: 'refused' | 'ignored' = 'refused', within?: Part) {
    this.unknownKeys = unknownKeys;
    this.#collected = within?.collected ?? { problems: [], omitted: 0 };
    this.#prefix = within?.prefix ?? '';
  }

  /** The same report for one of several things: its problems say of which they are. */
  of(name: string): ProblemReport {
    return new ProblemReport(this.unknownKeys, {
      collected: this.#collected,
      prefix: `${this.#prefix}${name}: `,
    });
  }

  add(path: string, message: string): void {
    if (this.isFull()) this.#collected.omitted += 1;
    else this.#collected.problems.push({ path: `${this.#prefix}${path}`, message });
  }

  /** Nothing that is added now will be shown; costly messages need not be made. */
  isFull(): boolean {
    return this.#collected.problems.length >= MAX_PROBLEMS;
  }

  problems(): readonly ConfigProblem[] {
    const { problems, omitted } = this.#collected;
    return omitted === 0
      ? problems
      : [...problems, { path: 'and more', message: `${omitted} further problems` }];
  }
}

interface Collected {
  readonly problems: ConfigProblem[];
  omitted: number;
}

interface Part {
  readonly collected: Collected;
  readonly prefix: string;
}
