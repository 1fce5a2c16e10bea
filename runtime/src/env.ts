/** Where settings come from: `process.env` in a program, a plain record in a test. */
export type EnvSource = Readonly<Record<string, string | undefined>>;

/** One mistake in the configuration: which variable or path, what stands there, what was expected. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Every mistake of a configuration at once; a program that gets it exits with 64 before it listens anywhere. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
