import type { EdgeCors, EdgeMirror, EdgeRule, EdgeTimeouts } from '@lanekeeper/protocol/edge';
import { fieldsOf, listOf, type Cursor } from '../decoder.ts';
import { booleanOf, integerOf, textOf } from '../scalar-decoders.ts';
import { METHOD, HEADER_NAME } from '../text-rules.ts';
import { portOf } from '../decode-service.ts';
import { decodeAffinity } from './decode-affinity.ts';
import { decodeCanary } from './decode-canary.ts';
import { decodeAction } from './decode-edge-action.ts';
import { backendService } from './decode-edge-backend.ts';
import { decodeEdgeMatch } from './decode-edge-match.ts';
import { decodeHeaderChange } from './decode-header-change.ts';
import { decodeRewrite } from './decode-rewrite.ts';
import { numberBetween, optional, required, type Owner } from './edge-fields.ts';
import { HEADER_VALUE, LABEL, networksOf } from './edge-text.ts';

const RULE_KEYS = [
  ...['name', 'match', 'action', 'requestHeaders', 'responseHeaders', 'rewrite', 'mirrors', 'cors'],
  ...['timeouts', 'maxBodyBytes', 'allow', 'deny', 'affinity', 'canaries'],
];
const CORS_KEYS = [
  ...['allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'allowCredentials'],
  'maxAgeSeconds',
];
const TIMEOUTS = ['connectMs', 'requestMs', 'backendRequestMs'] as const;

/** What a timer can count. */
const MAX_MS = 2 ** 31 - 1;
const MAX_SECONDS = 2 ** 31 - 1;

export function decodeEdgeRule(cursor: Cursor): EdgeRule | undefined {
  const fields = fieldsOf(cursor, { keys: RULE_KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    name: required(owner, 'name', (at) => textOf(at, LABEL), ''),
    match: required(owner, 'match', decodeEdgeMatch, {}),
    action: required(owner, 'action', decodeAction, { kind: 'reply', status: 500, reason: '' }),
    ...changes(owner),
    ...optional(owner, 'mirrors', (at) => listOf(at, decodeMirror)),
    ...optional(owner, 'cors', decodeCors),
    ...optional(owner, 'timeouts', decodeTimeouts),
    ...optional(owner, 'maxBodyBytes', (at) => integerOf(at, 0, Number.MAX_SAFE_INTEGER)),
    ...optional(owner, 'allow', networksOf),
    ...optional(owner, 'deny', networksOf),
    ...optional(owner, 'affinity', decodeAffinity),
    ...optional(owner, 'canaries', (at) => listOf(at, decodeCanary)),
  };
}

function changes(owner: Owner): Pick<EdgeRule, 'requestHeaders' | 'responseHeaders' | 'rewrite'> {
  return {
    ...optional(owner, 'requestHeaders', decodeHeaderChange),
    ...optional(owner, 'responseHeaders', decodeHeaderChange),
    ...optional(owner, 'rewrite', decodeRewrite),
  };
}

function decodeMirror(cursor: Cursor): EdgeMirror | undefined {
  const fields = fieldsOf(cursor, { keys: ['service', 'port', 'percent'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const service = required(owner, 'service', backendService, undefined);
  const port = required(owner, 'port', portOf, 0);
  const percent = required(owner, 'percent', (at) => numberBetween(at, 0, 100), 0);
  return service === undefined ? undefined : { service, port, percent };
}

function decodeCors(cursor: Cursor): EdgeCors | undefined {
  const fields = fieldsOf(cursor, { keys: CORS_KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const names = (at: Cursor): readonly string[] => listOf(at, (item) => textOf(item, HEADER_NAME));
  const origins = (at: Cursor): readonly string[] => listOf(at, (item) => textOf(item, HEADER_VALUE));
  return {
    allowOrigins: required(owner, 'allowOrigins', origins, []),
    allowMethods: required(owner, 'allowMethods', (at) => listOf(at, (item) => textOf(item, METHOD)), []),
    allowHeaders: required(owner, 'allowHeaders', names, []),
    exposeHeaders: required(owner, 'exposeHeaders', names, []),
    allowCredentials: required(owner, 'allowCredentials', booleanOf, false),
    ...optional(owner, 'maxAgeSeconds', (at) => integerOf(at, 0, MAX_SECONDS)),
  };
}

function decodeTimeouts(cursor: Cursor): EdgeTimeouts | undefined {
  const fields = fieldsOf(cursor, { keys: TIMEOUTS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const ms = (at: Cursor): number | undefined => integerOf(at, 0, MAX_MS);
  return {
    ...optional(owner, 'connectMs', ms),
    ...optional(owner, 'requestMs', ms),
    ...optional(owner, 'backendRequestMs', ms),
  };
}
