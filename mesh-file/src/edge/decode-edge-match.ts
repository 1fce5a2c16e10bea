import type { EdgeMatch } from '@lanekeeper/protocol/edge';
import type { ValueMatch } from '@lanekeeper/protocol/model';
import { decodePathMatch, decodeValueMatch } from '../decode-value.ts';
import { complain, entriesOf, fieldsOf, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { METHOD } from '../text-rules.ts';
import { optional } from './edge-fields.ts';
import { LOWER_NAME } from './edge-text.ts';

export function decodeEdgeMatch(cursor: Cursor): EdgeMatch | undefined {
  const fields = fieldsOf(cursor, { keys: ['path', 'method', 'headers', 'query'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    ...optional(owner, 'path', decodePathMatch),
    ...optional(owner, 'method', (at) => textOf(at, METHOD)),
    ...optional(owner, 'headers', decodeHeaders),
    ...optional(owner, 'query', decodeValues),
  };
}

function decodeHeaders(cursor: Cursor): Readonly<Record<string, ValueMatch>> {
  const values = decodeValues(cursor);
  for (const name of Object.keys(values))
    if (!LOWER_NAME.accepts(name))
      complain(cursor, `expected ${LOWER_NAME.expected}, found ${name.slice(0, 60)}`);
  return values;
}

function decodeValues(cursor: Cursor): Readonly<Record<string, ValueMatch>> {
  const entries = [...(entriesOf(cursor, 'a mapping of name to condition') ?? [])];
  return Object.fromEntries(
    entries.flatMap(([name, at]) => {
      const value = decodeValueMatch(at);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
