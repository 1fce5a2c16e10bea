import type { HeaderChange } from '@lanekeeper/protocol/edge';
import { complain, entriesOf, fieldsOf, listOf, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { required } from './edge-fields.ts';
import { HEADER_VALUE, LOWER_NAME } from './edge-text.ts';

export function decodeHeaderChange(cursor: Cursor): HeaderChange | undefined {
  const fields = fieldsOf(cursor, { keys: ['set', 'add', 'remove'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    set: required(owner, 'set', decodeValues, {}),
    add: required(owner, 'add', decodeValues, {}),
    remove: required(owner, 'remove', (at) => listOf(at, (item) => textOf(item, LOWER_NAME)), []),
  };
}

function decodeValues(cursor: Cursor): Readonly<Record<string, string>> {
  const entries = [...(entriesOf(cursor, 'a mapping of header to value') ?? [])];
  return Object.fromEntries(
    entries.flatMap(([name, at]) => {
      if (!LOWER_NAME.accepts(name)) complain(at, `expected ${LOWER_NAME.expected}`);
      const value = textOf(at, HEADER_VALUE);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
