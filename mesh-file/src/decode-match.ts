import type { MatchRule, PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import { complain, entriesOf, fieldsOf, listOf, mismatch, type Cursor, type Fields } from './decoder.ts';
import { booleanOf, textOf } from './scalar-decoders.ts';
import { HEADER_NAME, HOST_PATTERN, METHOD, PATH } from './text-rules.ts';

const RULE_SHAPE = {
  keys: ['hosts', 'paths', 'methods', 'headers', 'cookies', 'query'],
  refused: {
    percent: 'percent is for a later version; until then list users with in',
    key: 'key belongs to percent, which is for a later version; leave it out',
    regions: 'regions are for a later version; match the header that the edge sets instead',
  },
} as const;

const VALUE_SHAPE = {
  keys: ['exact', 'prefix', 'suffix', 'in', 'present'],
  refused: {
    regex: 'regex is for a later version; use exact, prefix, suffix or in',
    range: 'range is for a later version; use in',
    percent: 'percent is for a later version; use in',
  },
} as const;

/** Any text but the empty one, which a condition cannot tell from an absent value; that is `present: false`. */
const VALUE = { expected: 'a string that is not empty', accepts: (text: string) => text !== '' };

/** All conditions of a rule must hold, so one without any would colour everybody: it is refused. */
export function decodeMatchRule(cursor: Cursor): MatchRule | undefined {
  const fields = fieldsOf(cursor, RULE_SHAPE);
  if (fields === undefined) return undefined;
  if (fields.size === 0) complain(cursor, `a rule needs a condition: one of ${RULE_SHAPE.keys.join(', ')}`);
  const hosts = conditions(fields.get('hosts'), (item) => textOf(item, HOST_PATTERN)?.toLowerCase());
  const paths = conditions(fields.get('paths'), decodePath);
  const methods = conditions(fields.get('methods'), (item) => textOf(item, METHOD));
  return {
    ...(hosts === undefined ? {} : { hosts }),
    ...(paths === undefined ? {} : { paths }),
    ...(methods === undefined ? {} : { methods }),
    ...valueConditions(fields, 'headers'),
    ...valueConditions(fields, 'cookies'),
    ...valueConditions(fields, 'query'),
  };
}

function conditions<T>(
  cursor: Cursor | undefined,
  decode: (item: Cursor) => T | undefined,
): readonly T[] | undefined {
  if (cursor === undefined) return undefined;
  refuseEmpty(cursor);
  return listOf(cursor, decode);
}

function valueConditions(fields: Fields, key: 'headers' | 'cookies' | 'query'): MatchRule {
  const cursor = fields.get(key);
  if (cursor === undefined) return {};
  const entries = [...(entriesOf(cursor, 'a mapping of name to condition') ?? [])];
  if (entries.length === 0) refuseEmpty(cursor);
  const values = entries.flatMap(([name, at]): [string, ValueMatch][] => {
    if (key === 'headers' && !HEADER_NAME.accepts(name)) complain(at, 'expected a header name');
    const value = decodeValueMatch(at);
    return value === undefined ? [] : [[key === 'headers' ? name.toLowerCase() : name, value]];
  });
  if (new Set(values.map(([name]) => name)).size < values.length)
    complain(cursor, 'one header is named twice');
  return { [key]: Object.fromEntries(values) };
}

function decodePath(cursor: Cursor): PathMatch | undefined {
  const fields = fieldsOf(cursor, {
    keys: ['exact', 'prefix'],
    refused: { regex: 'regex is for a later version; use exact or prefix' },
  });
  const [only] = onlyField(cursor, fields);
  if (only === undefined) return undefined;
  const [key, at] = only;
  const text = textOf(at, PATH);
  if (text === undefined) return undefined;
  return key === 'exact' ? { exact: text } : { prefix: text };
}

function decodeValueMatch(cursor: Cursor): ValueMatch | undefined {
  const [only] = onlyField(cursor, fieldsOf(cursor, VALUE_SHAPE));
  if (only === undefined) return undefined;
  const [key, at] = only;
  if (key === 'present') return withValue(booleanOf(at), (present) => ({ present }));
  if (key === 'in') {
    refuseEmpty(at);
    return { in: listOf(at, (item) => textOf(item, VALUE)) };
  }
  const text = textOf(at, VALUE);
  if (key === 'prefix') return withValue(text, (prefix) => ({ prefix }));
  if (key === 'suffix') return withValue(text, (suffix) => ({ suffix }));
  return withValue(text, (exact) => ({ exact }));
}

/** The one field of a condition, as a list of at most one. */
function onlyField(cursor: Cursor, fields: Fields | undefined): readonly (readonly [string, Cursor])[] {
  if (fields === undefined) return [];
  const given = [...fields];
  if (given.length === 1) return given;
  if (given.length > 1) complain(cursor, `expected one condition, found ${[...fields.keys()].join(' and ')}`);
  else if (isEmpty(cursor)) mismatch(cursor, 'a condition such as exact: value');
  return [];
}

function withValue<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value);
}

function refuseEmpty(cursor: Cursor): void {
  if (isEmpty(cursor))
    complain(cursor, 'is empty and would match nothing or everything; leave it out or fill it');
}

function isEmpty(cursor: Cursor): boolean {
  const node = cursor.tree.read(cursor.node);
  return (
    (node.kind === 'list' && node.items.length === 0) || (node.kind === 'map' && node.entries.length === 0)
  );
}
