import type { EdgeAction, EdgeRedirect } from '@lanekeeper/protocol/edge';
import { portOf } from '../decode-service.ts';
import { fieldsOf, listOf, mismatch, type Cursor } from '../decoder.ts';
import { choiceOf, integerOf, textOf, type TextRule } from '../scalar-decoders.ts';
import { HOST } from '../text-rules.ts';
import { decodeEdgeBackend } from './decode-edge-backend.ts';
import { decodePlainPath } from './decode-rewrite.ts';
import { optional, required, type Owner } from './edge-fields.ts';
import { LOCATION, oneOf } from './edge-text.ts';

const KEYS = ['kind', 'backends', 'status', 'location', 'scheme', 'host', 'port', 'path', 'reason'];
const KINDS = ['forward', 'redirect', 'reply'] as const;
const SCHEMES = ['http', 'https'] as const;
const REDIRECTS = [301, 302, 303, 307, 308] as const;
const REASON: TextRule = {
  expected: 'a sentence of at most 1,000 characters',
  accepts: (text) => text.length <= 1_000,
};

export function decodeAction(cursor: Cursor): EdgeAction | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const kind = required(owner, 'kind', (at) => choiceOf(at, KINDS), undefined);
  if (kind === 'forward')
    return { kind, backends: required(owner, 'backends', (at) => listOf(at, decodeEdgeBackend), []) };
  if (kind === 'redirect') return { kind, ...decodeRedirect(owner) };
  if (kind === undefined) return undefined;
  return {
    kind,
    status: required(owner, 'status', statusOf, 500),
    reason: required(owner, 'reason', (at) => textOf(at, REASON), ''),
  };
}

function decodeRedirect(owner: Owner): EdgeRedirect {
  return {
    status: required(owner, 'status', (at) => oneOf(at, REDIRECTS), 302),
    ...optional(owner, 'location', (at) => textOf(at, LOCATION)),
    ...optional(owner, 'scheme', (at) => choiceOf(at, SCHEMES)),
    ...optional(owner, 'host', (at) => textOf(at, HOST)),
    ...optional(owner, 'port', portOf),
    ...optional(owner, 'path', decodePlainPath),
  };
}

function statusOf(cursor: Cursor): number | undefined {
  const status = integerOf(cursor, 200, 599);
  if (status !== undefined && status !== 304 && status !== 204) return status;
  if (status !== undefined) mismatch(cursor, 'a status of a response with a body');
  return undefined;
}
