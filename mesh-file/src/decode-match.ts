import type { MatchRule, StickyKey, ValueMatch } from '@lanekeeper/protocol/model';
import { decodePathMatch, decodeValueMatch, onlyField, refuseEmpty, VALUE } from './decode-value.ts';
import { complain, entriesOf, fieldsOf, listOf, mismatch, type Cursor, type Fields } from './decoder.ts';
import { booleanOf, percentOf, textOf } from './scalar-decoders.ts';
import { HEADER_NAME, HOST_PATTERN, METHOD, NETWORK } from './text-rules.ts';

const CONDITIONS = [
  ...['hosts', 'paths', 'methods', 'headers', 'cookies', 'query'],
  ...['regions', 'sourceCidrs', 'percent'],
];
const RULE_SHAPE = { keys: [...CONDITIONS, 'key', 'overwrite'] } as const;
const KEY_SHAPE = { keys: ['header', 'cookie', 'query', 'sourceIp'] } as const;

/** All conditions of a rule must hold, so one without any would colour everybody: it is refused. */
export function decodeMatchRule(cursor: Cursor): MatchRule | undefined {
  const fields = fieldsOf(cursor, RULE_SHAPE);
  if (fields === undefined) return undefined;
  if (!CONDITIONS.some((key) => fields.has(key)))
    complain(cursor, `a rule needs a condition: one of ${CONDITIONS.join(', ')}`);
  const key = fields.get('key');
  if (key !== undefined && !fields.has('percent'))
    complain(key, 'is what percent hashes; there is no percent');
  return {
    ...listCondition(fields, 'hosts', (item) => textOf(item, HOST_PATTERN)?.toLowerCase()),
    ...listCondition(fields, 'paths', decodePathMatch),
    ...listCondition(fields, 'methods', (item) => textOf(item, METHOD)),
    ...valueConditions(fields, 'headers'),
    ...valueConditions(fields, 'cookies'),
    ...valueConditions(fields, 'query'),
    ...listCondition(fields, 'regions', (item) => textOf(item, VALUE)),
    ...listCondition(fields, 'sourceCidrs', (item) => textOf(item, NETWORK)),
    ...single(fields, 'percent', percentOf),
    ...single(fields, 'key', decodeKey),
    ...single(fields, 'overwrite', booleanOf),
  };
}

function single<K extends keyof MatchRule>(
  fields: Fields,
  key: K,
  decode: (at: Cursor) => MatchRule[K] | undefined,
): MatchRule {
  const at = fields.get(key);
  const value = at === undefined ? undefined : decode(at);
  return value === undefined ? {} : { [key]: value };
}

function listCondition<T>(
  fields: Fields,
  key: keyof MatchRule,
  decode: (item: Cursor) => T | undefined,
): MatchRule {
  const cursor = fields.get(key);
  if (cursor === undefined) return {};
  refuseEmpty(cursor);
  return { [key]: listOf(cursor, decode) };
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

function decodeKey(cursor: Cursor): StickyKey | undefined {
  const only = onlyField(cursor, fieldsOf(cursor, KEY_SHAPE));
  if (only === undefined) return undefined;
  const [key, at] = only;
  if (key === 'sourceIp') {
    const isSourceIp = booleanOf(at);
    if (isSourceIp === true) return { sourceIp: true };
    if (isSourceIp === false) mismatch(at, 'true');
    return undefined;
  }
  const name = textOf(at, key === 'header' ? HEADER_NAME : VALUE);
  if (name === undefined) return undefined;
  if (key === 'header') return { header: name.toLowerCase() };
  return key === 'cookie' ? { cookie: name } : { query: name };
}
