import type { PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import {
  complain,
  fieldOr,
  fieldsOf,
  isEmpty,
  listOf,
  mismatch,
  type Cursor,
  type Fields,
} from './decoder.ts';
import { compileRegex } from './safe-regex.ts';
import { booleanOf, numberOf, percentOf, textOf } from './scalar-decoders.ts';
import { PATH } from './text-rules.ts';

const PATH_SHAPE = { keys: ['exact', 'prefix', 'regex'] } as const;
const VALUE_SHAPE = {
  keys: ['exact', 'prefix', 'suffix', 'regex', 'in', 'range', 'percent', 'present'],
} as const;

/** Any text but the empty one, which a condition cannot tell from an absent value; that is `present: false`. */
export const VALUE = { expected: 'a string that is not empty', accepts: (text: string) => text !== '' };

export function decodePathMatch(cursor: Cursor): PathMatch | undefined {
  const only = onlyField(cursor, fieldsOf(cursor, PATH_SHAPE));
  if (only === undefined) return undefined;
  const [key, at] = only;
  if (key === 'regex') return withValue(decodeRegex(at), (regex) => ({ regex }));
  const text = textOf(at, PATH);
  if (key === 'exact') return withValue(text, (exact) => ({ exact }));
  return withValue(text, (prefix) => ({ prefix }));
}

export function decodeValueMatch(cursor: Cursor): ValueMatch | undefined {
  const only = onlyField(cursor, fieldsOf(cursor, VALUE_SHAPE));
  if (only === undefined) return undefined;
  const [key, at] = only;
  if (key === 'present') return withValue(booleanOf(at), (present) => ({ present }));
  if (key === 'percent') return withValue(percentOf(at), (percent) => ({ percent }));
  if (key === 'range') return withValue(decodeRange(at), (range) => ({ range }));
  if (key === 'regex') return withValue(decodeRegex(at), (regex) => ({ regex }));
  if (key === 'in') {
    refuseEmpty(at);
    return { in: listOf(at, (item) => textOf(item, VALUE)) };
  }
  const text = textOf(at, VALUE);
  if (key === 'prefix') return withValue(text, (prefix) => ({ prefix }));
  if (key === 'suffix') return withValue(text, (suffix) => ({ suffix }));
  return withValue(text, (exact) => ({ exact }));
}

/** RE2's syntax; see docs/colouring.md. */
export function decodeRegex(cursor: Cursor): string | undefined {
  const text = textOf(cursor, { ...VALUE, expected: 'a regular expression that is not empty' });
  if (text === undefined) return undefined;
  const compiled = compileRegex(text);
  if (!('problem' in compiled)) return text;
  complain(cursor, `is no regular expression (RE2): ${compiled.problem}`);
  return undefined;
}

type Range = Extract<ValueMatch, { readonly range: unknown }>['range'];

function decodeRange(cursor: Cursor): Range | undefined {
  const fields = fieldsOf(cursor, { keys: ['from', 'to'] });
  if (fields === undefined) return undefined;
  if (fields.size === 0) mismatch(cursor, 'from, to or both');
  const from = fieldOr(fields, 'from', numberOf, undefined);
  const to = fieldOr(fields, 'to', numberOf, undefined);
  if (from !== undefined && to !== undefined && from > to)
    complain(cursor, `from ${from} is greater than to ${to}; nothing is between them`);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** The one field of a condition. */
export function onlyField(
  cursor: Cursor,
  fields: Fields | undefined,
): readonly [key: string, at: Cursor] | undefined {
  if (fields === undefined) return undefined;
  const given = [...fields];
  if (given.length === 1) return given[0];
  if (given.length > 1) complain(cursor, `expected one condition, found ${[...fields.keys()].join(' and ')}`);
  else if (isEmpty(cursor)) mismatch(cursor, 'a condition such as exact: value');
  return undefined;
}

export function refuseEmpty(cursor: Cursor): void {
  if (isEmpty(cursor))
    complain(cursor, 'is empty and would match nothing or everything; leave it out or fill it');
}

function withValue<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value);
}
