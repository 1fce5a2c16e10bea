import type { EdgeCanary } from '@lanekeeper/protocol/edge';
import { decodeRegex } from '../decode-value.ts';
import { complain, fieldsOf, type Cursor } from '../decoder.ts';
import { integerOf, textOf, type TextRule } from '../scalar-decoders.ts';
import { decodeEdgeBackend, MAX_WEIGHT, NO_BACKEND } from './decode-edge-backend.ts';
import { optional, required } from './edge-fields.ts';
import { COOKIE_NAME, LABEL, LOWER_NAME } from './edge-text.ts';

const KEYS = ['name', 'backend', 'header', 'cookie', 'query', 'weight', 'weightTotal'];

export function decodeCanary(cursor: Cursor): EdgeCanary | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const weight = (at: Cursor): number | undefined => integerOf(at, 0, MAX_WEIGHT);
  return {
    name: required(owner, 'name', (at) => textOf(at, LABEL), ''),
    backend: required(owner, 'backend', decodeEdgeBackend, NO_BACKEND),
    ...optional(owner, 'header', (at) => decodeSign(at, LOWER_NAME)),
    ...optional(owner, 'cookie', (at) => decodeSign(at, COOKIE_NAME)),
    ...optional(owner, 'query', (at) => decodeSign(at, LABEL)),
    ...optional(owner, 'weight', weight),
    ...optional(owner, 'weightTotal', weight),
  };
}

/** What a request shows that is for the canary. */
function decodeSign(cursor: Cursor, nameRule: TextRule): NonNullable<EdgeCanary['header']> | undefined {
  const fields = fieldsOf(cursor, { keys: ['name', 'value', 'pattern'] });
  if (fields === undefined) return undefined;
  if (fields.has('value') && fields.has('pattern'))
    complain(cursor, 'value and pattern exclude each other; keep one');
  const owner = { cursor, fields };
  return {
    name: required(owner, 'name', (at) => textOf(at, nameRule), ''),
    ...optional(owner, 'value', (at) => textOf(at)),
    ...optional(owner, 'pattern', decodeRegex),
  };
}
