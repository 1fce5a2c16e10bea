import { isNetwork } from '@lanekeeper/runtime/networks';
import { ANNOTATION_PREFIXES, KNOWN_ANNOTATIONS, type KnownAnnotation } from './known-annotations.ts';

/** One thing in an Ingress' annotations that is not done as it stands there. */
export interface AnnotationProblem {
  /** As it is written: `nginx.ingress.kubernetes.io/canary-weight`. */
  readonly annotation: string;
  readonly message: string;
}

const KNOWN: ReadonlyMap<string, KnownAnnotation> = new Map(
  KNOWN_ANNOTATIONS.map((annotation) => [annotation.name, annotation]),
);

interface Written {
  readonly annotation: string;
  readonly value: string;
}

/** Reads the annotations of one Ingress by their plain names; whatever is wrong, refused or unknown is kept as a problem. */
export class AnnotationReader {
  readonly #values = new Map<string, Written>();
  readonly #problems: AnnotationProblem[] = [];

  constructor(annotations: Readonly<Record<string, string>>) {
    for (const prefix of ANNOTATION_PREFIXES) {
      for (const [annotation, value] of Object.entries(annotations)) {
        if (annotation.startsWith(prefix)) this.#take(annotation, annotation.slice(prefix.length), value);
      }
    }
  }

  problems(): readonly AnnotationProblem[] {
    return this.#problems;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Without surrounding spaces; undefined where it is absent or empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name)?.value.trim();
    return value === '' ? undefined : value;
  }

  /** As Go's ParseBool reads it, as ingress-nginx does. */
  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
    return this.problem(name, `expected true or false, found ${value}`);
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^-?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    return this.problem(name, `expected a number from ${min} to ${max}, found ${value}`);
  }

  choice<T extends string>(name: string, ...choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return (
      choices.find((choice) => choice.toLowerCase() === value.toLowerCase()) ??
      this.problem(name, `expected ${choices.join(' or ')}, found ${value}`)
    );
  }

  /** Items of a comma list; undefined where it is absent or has none. */
  list(name: string): readonly string[] | undefined {
    const items = (this.text(name) ?? '').split(',').map((item) => item.trim());
    const some = items.filter((item) => item !== '');
    return some.length === 0 ? undefined : some;
  }

  /** A list of networks. One that is not right would let everybody in or shut everybody out: all of it counts as `none`. */
  networks(...names: readonly string[]): readonly string[] | 'none' | undefined {
    const name = names.find((each) => this.list(each) !== undefined);
    if (name === undefined) return undefined;
    const items = this.list(name) ?? [];
    const wrong = items.filter((item) => !isNetwork(item));
    if (wrong.length === 0) return items;
    this.problem(name, `expected networks such as 10.0.0.0/8, found ${wrong.join(', ')}`);
    return 'none';
  }

  problem(name: string, message: string): undefined {
    const annotation = this.#values.get(name)?.annotation ?? name;
    this.#problems.push({ annotation, message });
    return undefined;
  }

  #take(annotation: string, name: string, value: string): void {
    const known = KNOWN.get(name);
    const counts = this.#values.get(name);
    const message =
      known === undefined
        ? 'is not known here and has no effect'
        : known.outcome === 'refused'
          ? `has no effect: ${known.note}`
          : counts !== undefined && counts.value !== value
            ? `does not count, ${counts.annotation} is there`
            : undefined;
    if (message !== undefined) this.#problems.push({ annotation, message });
    if (counts === undefined && known !== undefined) this.#values.set(name, { annotation, value });
  }
}
