import { isFields } from '@lanekeeper/kubernetes/kube-object';
import { Interner } from './intern.ts';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads fields of JSON that should have a certain kind. A field that is absent or null is its default; one of another kind is too,
 * and is counted: an object with one odd field is still worth having.
 */
export class FieldReader {
  readonly #intern = new Interner();
  readonly #onMalformed: () => void;

  constructor(onMalformed: () => void) {
    this.#onMalformed = onMalformed;
  }

  get intern(): Interner {
    return this.#intern;
  }

  text(from: Fields, name: string): string {
    return this.optionalText(from, name) ?? '';
  }

  optionalText(from: Fields, name: string): string | undefined {
    const value = this.#as(from, name, isText);
    return value === undefined ? undefined : this.#intern.text(value);
  }

  flag(from: Fields, name: string, fallback = false): boolean {
    return this.#as(from, name, isFlag) ?? fallback;
  }

  port(from: Fields, name: string): number | undefined {
    return this.#as(from, name, isPort);
  }

  integer(from: Fields, name: string): number | undefined {
    return this.#as(from, name, Number.isSafeInteger as (value: unknown) => value is number);
  }

  fields(from: Fields, name: string): Fields {
    return this.#as(from, name, isFields) ?? {};
  }

  /** Items that are no objects are left out. */
  items(from: Fields, name: string): readonly Fields[] {
    return (this.#as(from, name, isList) ?? []).filter((item) => this.#accept(item, isFields));
  }

  textItems(from: Fields, name: string): readonly string[] {
    const items = (this.#as(from, name, isList) ?? []).filter((item) => this.#accept(item, isText));
    return items.map((item) => this.#intern.text(item));
  }

  /** A map of texts, in the order of its keys, so that equal ones are one. */
  texts(
    from: Fields,
    name: string,
    keep: (key: string) => boolean = () => true,
  ): Readonly<Record<string, string>> {
    const entries = Object.entries(this.fields(from, name)).filter(
      (entry): entry is [string, string] => keep(entry[0]) && this.#accept(entry[1], isText),
    );
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#intern.texts(Object.fromEntries(entries));
  }

  malformed(): undefined {
    this.#onMalformed();
    return undefined;
  }

  #as<T>(from: Fields, name: string, isKind: (value: unknown) => value is T): T | undefined {
    // Own fields only: an object may be called `constructor`.
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    if (value === undefined || value === null) return undefined;
    return isKind(value) ? value : this.malformed();
  }

  #accept<T>(value: unknown, isKind: (value: unknown) => value is T): value is T {
    if (isKind(value)) return true;
    this.malformed();
    return false;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
