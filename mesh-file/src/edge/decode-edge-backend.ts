import type { EdgeBackend } from '@lanekeeper/protocol/edge';
import type { ServiceRef } from '@lanekeeper/protocol/model';
import { decodeServiceRef } from '../decode-service.ts';
import { fieldsOf, type Cursor } from '../decoder.ts';
import type { Origins } from '../origins.ts';
import { choiceOf, integerOf, textOf } from '../scalar-decoders.ts';
import { LANE_NAME } from '../text-rules.ts';
import { decodeHeaderChange } from './decode-header-change.ts';
import { optional, required } from './edge-fields.ts';

const KEYS = ['service', 'port', 'weight', 'lane', 'subset', 'protocol', 'requestHeaders', 'responseHeaders'];
const PROTOCOLS = ['http', 'http2'] as const;
export const MAX_WEIGHT = 1_000_000;

/** Stands in for one that is wrong, which is reported. */
export const NO_BACKEND: EdgeBackend = { service: undefined, port: 0, weight: 0 };

export function decodeEdgeBackend(cursor: Cursor): EdgeBackend | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const { service } = optional(owner, 'service', backendService);
  return {
    service,
    // Of one that cannot be reached the port may be unknown as well.
    port: required(owner, 'port', (at) => integerOf(at, service === undefined ? 0 : 1, 65_535), 0),
    weight: required(owner, 'weight', (at) => integerOf(at, 0, MAX_WEIGHT), 0),
    ...optional(owner, 'lane', (at) => textOf(at, LANE_NAME)),
    ...optional(owner, 'subset', (at) => textOf(at, LANE_NAME)),
    ...optional(owner, 'protocol', (at) => choiceOf(at, PROTOCOLS)),
    ...optional(owner, 'requestHeaders', decodeHeaderChange),
    ...optional(owner, 'responseHeaders', decodeHeaderChange),
  };
}

export function backendService(cursor: Cursor): ServiceRef | undefined {
  const origins: Origins = new Map();
  return decodeServiceRef(cursor, origins);
}
