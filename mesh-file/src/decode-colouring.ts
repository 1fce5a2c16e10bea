import type { ColourRule } from '@lanekeeper/protocol/model';
import { decodeEntry, decodePriority } from './decode-lane.ts';
import { decodeMatchRule } from './decode-match.ts';
import { refuseEmpty } from './decode-value.ts';
import { fieldOr, fieldsOf, listOf, requiredOr, type Cursor } from './decoder.ts';
import type { Origins } from './origins.ts';
import { textOf } from './scalar-decoders.ts';
import { LANE_NAME } from './text-rules.ts';

const SHAPE = { keys: ['name', 'lane', 'entries', 'match', 'priority'] } as const;

/** One that names no workload, or has no rule, would colour nothing. Its lane may be `base`: what it matches stays uncoloured. */
export function decodeColourRule(cursor: Cursor, origins: Origins): ColourRule | undefined {
  const fields = fieldsOf(cursor, SHAPE);
  if (fields === undefined) return undefined;
  const rule: ColourRule = {
    name: requiredOr({ cursor, fields }, 'name', textOf, ''),
    lane: requiredOr({ cursor, fields }, 'lane', (at) => textOf(at, LANE_NAME), ''),
    entries: requiredOr({ cursor, fields }, 'entries', (at) => filledList(at, decodeEntry), []),
    match: requiredOr({ cursor, fields }, 'match', (at) => filledList(at, decodeMatchRule), []),
    priority: fieldOr(fields, 'priority', decodePriority, 0),
  };
  origins.set(rule, cursor);
  return rule;
}

function filledList<T>(cursor: Cursor, decode: (item: Cursor) => T | undefined): T[] {
  refuseEmpty(cursor);
  return listOf(cursor, decode);
}
