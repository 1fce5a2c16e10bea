import type { EdgeAffinity } from '@lanekeeper/protocol/edge';
import { fieldsOf, type Cursor } from '../decoder.ts';
import { booleanOf, choiceOf, integerOf, textOf } from '../scalar-decoders.ts';
import { optional, required } from './edge-fields.ts';
import { COOKIE_NAME, COOKIE_PATH } from './edge-text.ts';

const KEYS = ['cookie', 'path', 'maxAgeSeconds', 'sameSite', 'secure', 'mode', 'canary'];
const SAME_SITES = ['Strict', 'Lax', 'None'] as const;
const MODES = ['balanced', 'persistent'] as const;
const CANARIES = ['sticky', 'legacy'] as const;
const MAX_SECONDS = 2 ** 31 - 1;

export function decodeAffinity(cursor: Cursor): EdgeAffinity | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    cookie: required(owner, 'cookie', (at) => textOf(at, COOKIE_NAME), ''),
    ...optional(owner, 'path', (at) => textOf(at, COOKIE_PATH)),
    ...optional(owner, 'maxAgeSeconds', (at) => integerOf(at, 0, MAX_SECONDS)),
    ...optional(owner, 'sameSite', (at) => choiceOf(at, SAME_SITES)),
    ...optional(owner, 'secure', booleanOf),
    mode: required(owner, 'mode', (at) => choiceOf(at, MODES), 'balanced'),
    canary: required(owner, 'canary', (at) => choiceOf(at, CANARIES), 'sticky'),
  };
}
