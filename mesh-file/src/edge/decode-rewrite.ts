import type { EdgeRewrite } from '@lanekeeper/protocol/edge';
import { decodeRegex } from '../decode-value.ts';
import { fieldsOf, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { onlyOne, optional, required } from './edge-fields.ts';
import { AUTHORITY, TARGET } from './edge-text.ts';

type Path = NonNullable<EdgeRewrite['path']>;
type PlainPath = Extract<Path, { readonly full: string } | { readonly prefix: string }>;

export function decodeRewrite(cursor: Cursor): EdgeRewrite | undefined {
  const fields = fieldsOf(cursor, { keys: ['host', 'path'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    ...optional(owner, 'host', (at) => textOf(at, AUTHORITY)),
    ...optional(owner, 'path', decodePath),
  };
}

function decodePath(cursor: Cursor): Path | undefined {
  const fields = fieldsOf(cursor, { keys: ['full', 'prefix', 'regex', 'replacement'] });
  if (fields === undefined) return undefined;
  if (!fields.has('regex')) return decodePlainPath(cursor);
  const owner = { cursor, fields };
  const regex = required(owner, 'regex', decodeRegex, '');
  return { regex, replacement: required(owner, 'replacement', (at) => textOf(at, TARGET), '') };
}

/** `full` takes the path's place, `prefix` that of what has matched. */
export function decodePlainPath(cursor: Cursor): PlainPath | undefined {
  const fields = fieldsOf(cursor, { keys: ['full', 'prefix'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const key = onlyOne(owner, ['full', 'prefix']);
  if (key === undefined) return undefined;
  const text = required(owner, key, (at) => textOf(at, TARGET), '');
  return key === 'full' ? { full: text } : { prefix: text };
}
