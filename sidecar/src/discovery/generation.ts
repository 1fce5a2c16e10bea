import { createHash } from 'node:crypto';
import type { MeshConfig } from '@lanekeeper/protocol/model';

/** Enough that two configurations of one mesh never meet, short enough for a hop record. */
const HEX_DIGITS = 16;

/** A hash of what the configuration says: the order of keys does not matter, that of lists does. */
export function generationOf(config: MeshConfig): string {
  const canonical = JSON.stringify(config, (_, value: unknown) =>
    isRecord(value) ? sortKeys(value) : value,
  );
  return createHash('sha256').update(canonical).digest('hex').slice(0, HEX_DIGITS);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(record).sort();
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}
