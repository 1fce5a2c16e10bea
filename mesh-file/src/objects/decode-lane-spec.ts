import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { checkChain } from '../check-lanes.ts';
import { decodeChain, decodeEntry, decodePriority, decodeServiceFallback } from '../decode-lane.ts';
import { decodeMatchRule } from '../decode-match.ts';
import {
  complain,
  down,
  fieldOr,
  fieldsOf,
  listOf,
  requiredOr,
  type Cursor,
  type Fields,
} from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { parseServiceRef } from '../service-name.ts';
import { durationSecondsOf } from './duration.ts';
import { LIMITS, refuseMore } from './limits.ts';
import { decodeLabels, OBJECT_NAME } from './object-rules.ts';
import type { LaneSpec } from './object-types.ts';

const SHAPE = {
  keys: ['group', 'selector', 'fallback', 'serviceFallback', 'match', 'entries', 'priority', 'ttl'],
  refused: {
    name: 'the name of a lane is metadata.name; leave it out',
    percent: 'percent belongs to a rule: match: [{percent: 5}]',
    services: 'services belong to the LaneGroup; a lane names its group',
  },
} as const;

/** `lane` is the lane's own name, which a chain cannot name. */
export function decodeLaneSpec(cursor: Cursor, lane: string): LaneSpec | undefined {
  const fields = fieldsOf(cursor, SHAPE);
  if (fields === undefined) return undefined;
  refuseLargeFields(fields);
  const selector = fieldOr(fields, 'selector', decodeLabels, undefined);
  const ttlSeconds = fieldOr(fields, 'ttl', durationSecondsOf, undefined);
  const spec: LaneSpec = {
    group: requiredOr({ cursor, fields }, 'group', (at) => textOf(at, OBJECT_NAME), ''),
    ...(selector === undefined ? {} : { selector }),
    fallback: fieldOr(fields, 'fallback', decodeChain, [BASELINE]),
    serviceFallback: fieldOr(fields, 'serviceFallback', decodeServiceFallback, {}),
    match: listOf(fields.get('match'), decodeMatchRule),
    entries: listOf(fields.get('entries'), decodeEntry),
    priority: fieldOr(fields, 'priority', decodePriority, 0),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
  };
  checkChains(spec, lane, cursor);
  return spec;
}

/** Whether the lanes that a chain names are there shows only beside the other objects. */
function checkChains(spec: LaneSpec, name: string, cursor: Cursor): void {
  const lane = { name, group: spec.group };
  const check = (chain: readonly string[], at: Cursor): void => {
    // Places of a chain that lost a name would be off.
    if (at !== cursor && chain.length === itemsAt(at)) checkChain(lane, chain, at, undefined);
  };
  check(spec.fallback, down(cursor, 'fallback'));
  for (const [service, chain] of Object.entries(spec.serviceFallback)) {
    const at = down(cursor, 'serviceFallback', service);
    if (parseServiceRef(service) === undefined) complain(at, 'expected a service: name or namespace/name');
    refuseMore(at, LIMITS.lanesOfChain);
    check(chain, at);
  }
}

function itemsAt(cursor: Cursor): number {
  const node = cursor.tree.read(cursor.node);
  return node.kind === 'list' ? node.items.length : 0;
}

function refuseLargeFields(fields: Fields): void {
  refuseMore(fields.get('fallback'), LIMITS.lanesOfChain);
  refuseMore(fields.get('serviceFallback'), LIMITS.serviceFallbacks);
  refuseMore(fields.get('entries'), LIMITS.entries);
  refuseLargeRules(fields.get('match'));
}

function refuseLargeRules(match: Cursor | undefined): void {
  refuseMore(match, LIMITS.rules);
  const node = match?.tree.read(match.node);
  if (match === undefined || node?.kind !== 'list') return;
  node.items.slice(0, LIMITS.rules).forEach((_, index) => {
    for (const key of [
      'hosts',
      'paths',
      'methods',
      'headers',
      'cookies',
      'query',
      'regions',
      'sourceCidrs',
    ]) {
      const at = down(match, index, key);
      if (at.step === key) refuseMore(at, LIMITS.conditionItems);
    }
  });
}
