import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, LaneGroupConfig, MeshSettings } from '@lanekeeper/protocol/model';
import { decodeMatchRule } from './decode-match.ts';
import { decodeServiceRef } from './decode-service.ts';
import { decodeEvidence, decodeMode } from './decode-settings.ts';
import { complain, entriesOf, fieldOr, fieldsOf, listOf, requiredOr, type Cursor } from './decoder.ts';
import { integerOf, textOf, type TextRule } from './scalar-decoders.ts';
import type { Origins } from './origins.ts';
import { GROUP_NAME, LANE_NAME, WORKLOAD } from './text-rules.ts';

/** Empty: a lane of the services that belong to no group. */
const LANE_GROUP: TextRule = {
  expected: 'the name of a group, or "" for services of no group',
  accepts: (text) => text === '' || GROUP_NAME.accepts(text),
};
const MAX_PRIORITY = 1_000_000;

const LANE_SHAPE = {
  keys: ['name', 'group', 'fallback', 'serviceFallback', 'match', 'entries', 'priority'],
  refused: {
    selector: 'selectors choose pods in Kubernetes; in this file endpoints name their lane themselves',
    ttl: 'a ttl belongs to an object of kind Lane, which knows when it was made; leave it out here',
    percent: 'percent is a condition of a rule; write match: [{percent: 5}]',
    key: 'key belongs to percent, which is a condition of a rule; write match: [{percent: 5, key: {header: x-user-id}}]',
    regions: 'regions are a condition of a rule; write match: [{regions: [eu-1]}]',
  },
} as const;

/** Mode and evidence are inherited from the settings. */
export function decodeGroup(
  cursor: Cursor,
  settings: MeshSettings,
  origins: Origins,
): LaneGroupConfig | undefined {
  const fields = fieldsOf(cursor, { keys: ['name', 'services', 'mode', 'evidence'] });
  if (fields === undefined) return undefined;
  const services = (at: Cursor): LaneGroupConfig['services'] =>
    listOf(at, (item) => decodeServiceRef(item, origins));
  const group: LaneGroupConfig = {
    name: requiredOr({ cursor, fields }, 'name', (at) => textOf(at, GROUP_NAME), ''),
    services: requiredOr({ cursor, fields }, 'services', services, []),
    mode: fieldOr(fields, 'mode', decodeMode, settings.mode),
    evidence: fieldOr(fields, 'evidence', (at) => decodeEvidence(at, settings.evidence), settings.evidence),
  };
  origins.set(group, cursor);
  return group;
}

export function decodeLane(cursor: Cursor, origins: Origins): LaneConfig | undefined {
  const fields = fieldsOf(cursor, LANE_SHAPE);
  if (fields === undefined) return undefined;
  const lane: LaneConfig = {
    name: requiredOr({ cursor, fields }, 'name', decodeLaneName, ''),
    group: requiredOr({ cursor, fields }, 'group', (at) => textOf(at, LANE_GROUP), ''),
    fallback: fieldOr(fields, 'fallback', decodeChain, [BASELINE]),
    serviceFallback: fieldOr(fields, 'serviceFallback', decodeServiceFallback, {}),
    match: listOf(fields.get('match'), decodeMatchRule),
    entries: listOf(fields.get('entries'), decodeEntry),
    priority: fieldOr(fields, 'priority', decodePriority, 0),
  };
  origins.set(lane, cursor);
  return lane;
}

function decodeLaneName(cursor: Cursor): string | undefined {
  const name = textOf(cursor, LANE_NAME);
  if (name !== BASELINE) return name;
  complain(cursor, `${BASELINE} is the baseline, which every service has; call the lane something else`);
  return undefined;
}

export function decodePriority(cursor: Cursor): number | undefined {
  return integerOf(cursor, -MAX_PRIORITY, MAX_PRIORITY);
}

/** A workload: `app` or `namespace/app`. */
export function decodeEntry(cursor: Cursor): string | undefined {
  return textOf(cursor, WORKLOAD);
}

export function decodeServiceFallback(cursor: Cursor): Readonly<Record<string, readonly string[]>> {
  const entries = entriesOf(cursor, 'a mapping of service to a list of lanes') ?? new Map<string, Cursor>();
  return Object.fromEntries([...entries].map(([service, at]) => [service, decodeChain(at)]));
}

export function decodeChain(cursor: Cursor): string[] {
  return listOf(cursor, (item) => textOf(item, LANE_NAME));
}
