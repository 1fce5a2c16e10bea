import { parseAddress, type SocketAddress } from './socket-address.ts';

/** How the text of a variable becomes a value. */
export interface EnvKind<T> {
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** Never shown in a problem. */
  readonly secret?: boolean;
  /** Undefined: not one. The text is trimmed and not empty. */
  parse(text: string): T | undefined;
}

export const TEXT: EnvKind<string> = { expected: 'text', parse: (text) => text };

/** Text that passes `accepts`. */
export function matching(expected: string, accepts: (text: string) => boolean): EnvKind<string> {
  return { expected, parse: (text) => (accepts(text) ? text : undefined) };
}

export function integer(min: number, max: number): EnvKind<number> {
  return {
    expected: `an integer from ${min} to ${max}`,
    parse: (text) => (/^-?[0-9]+$/.test(text) ? within(Number(text), min, max) : undefined),
  };
}

export function number(min: number, max: number): EnvKind<number> {
  return {
    expected: `a number from ${min} to ${max}`,
    parse: (text) => (/^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? within(Number(text), min, max) : undefined),
  };
}

/** Whole milliseconds; a unit is refused rather than guessed. */
export function milliseconds(min: number, max: number): EnvKind<number> {
  return { ...integer(min, max), expected: `milliseconds (no unit) from ${min} to ${max}` };
}

export function choice<T extends string>(...values: readonly T[]): EnvKind<T> {
  return {
    expected: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
  };
}

export const PORT: EnvKind<number> = { ...integer(1, 65_535), expected: 'a port from 1 to 65535' };

/** Port 0 is allowed: the system picks one. */
export const ADDRESS: EnvKind<SocketAddress> = {
  expected: 'host:port or [IPv6]:port',
  parse: parseAddress,
};

/** Items separated by commas; `none` is the empty list, as an empty variable counts as unset. */
export function list<T>(item: EnvKind<T>): EnvKind<readonly T[]> {
  return {
    expected: `a comma-separated list, each ${item.expected}, or none`,
    parse: (text) => (text === 'none' ? [] : parseItems(text, item)),
  };
}

/** An http or https URL; hidden in problems because it may carry credentials. */
export const HTTP_URL: EnvKind<string> = {
  expected: 'an http:// or https:// URL',
  secret: true,
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url?.protocol === 'http:' || url?.protocol === 'https:' ? text : undefined;
  },
};

function parseItems<T>(text: string, item: EnvKind<T>): readonly T[] | undefined {
  const values: T[] = [];
  for (const part of text.split(',')) {
    const value = part.trim() === '' ? undefined : item.parse(part.trim());
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}
