import { createHash } from 'node:crypto';
import type { MeshConfig } from '@lanekeeper/protocol/model';

/** Enough that two configurations of one mesh never meet, short enough for a hop record. */
const HEX_DIGITS = 16;

/** A hash of what the configuration says: the order of keys does not matter, that of lists does. */
export function generationOf(config: MeshConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex').slice(0, HEX_DIGITS);
}

function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
}
