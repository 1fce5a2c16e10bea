import { didYouMean } from './nearest-name.ts';
import type { EnvKind } from './env-kinds.ts';

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

/**
 * Reads variables one by one and keeps every mistake; {@link EnvReader.finish} throws them all. What a read returns after a
 * mistake is the fallback, so that reading can go on; it is never used, for `finish` throws.
 */
export class EnvReader {
  readonly #source: EnvSource;
  readonly #problems: ConfigProblem[] = [];
  readonly #known = new Set<string>();

  constructor(source: EnvSource) {
    this.#source = source;
  }

  /** The value of `name`, or `fallback` where it is unset or empty (a template often leaves an empty string behind). */
  get<T, F>(name: string, kind: EnvKind<T>, fallback: F): T | F {
    const text = this.given(name);
    if (text === undefined) return fallback;
    const value = kind.parse(text);
    if (value !== undefined) return value;
    this.problem(name, `expected ${kind.expected}, found ${kind.secret === true ? '(hidden)' : quote(text)}`);
    return fallback;
  }

  /** The text of `name`, trimmed; undefined where it is unset or empty. */
  given(name: string): string | undefined {
    this.#known.add(name);
    const text = this.#source[name]?.trim();
    return text === '' ? undefined : text;
  }

  /** A mistake that only shows when several variables are seen together. */
  problem(name: string, message: string): void {
    this.#problems.push({ path: name, message });
  }

  /** Throws one {@link ConfigError} if anything was wrong; variables that start with `prefix` and that nobody read are wrong too. */
  finish(prefix: string): void {
    for (const [name, value] of Object.entries(this.#source)) {
      if (!name.startsWith(prefix) || this.#known.has(name) || isServiceLink(name, value)) continue;
      this.problem(name, `no such setting${didYouMean(name, this.#known)}`);
    }
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}

/**
 * Kubernetes sets variables for each Service of a pod's namespace (`enableServiceLinks`); those of a Service whose name starts
 * as our prefix does are no mistake of anybody.
 */
function isServiceLink(name: string, value = ''): boolean {
  if (name.endsWith('_PORT') && !name.endsWith('_SERVICE_PORT')) return /^(?:tcp|udp|sctp):\/\//.test(value);
  return /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(
    name,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
