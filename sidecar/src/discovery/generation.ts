import { createHash, hash } from 'node:crypto';
import type { MeshConfig } from '@lanekeeper/protocol/model';

/** Enough that two configurations of one mesh never meet, short enough for a hop record. */
const HEX_DIGITS = 16;

/** Parts are immutable, and most of them the same from one configuration to the next: each is read once. */
const known = new WeakMap<object, string>();

/** A hash of what the configuration says: the order of keys does not matter, that of lists does. */
export function generationOf({ services, ...parts }: MeshConfig): string {
  const whole = createHash('sha256');
  for (const service of services) whole.update(digestOf(service));
  const others: [string, object | undefined][] = Object.entries(parts);
  others.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, part] of others) if (part !== undefined) whole.update(name).update(digestOf(part));
  return whole.digest('hex').slice(0, HEX_DIGITS);
}

/** Tells the hash of a part that somebody has made already; it must be another one for each content. */
export function knowDigest(part: object, digest: string): void {
  known.set(part, digest);
}

function digestOf(part: object): string {
  const before = known.get(part);
  if (before !== undefined) return before;
  const digest = hash('sha256', canonicalJson(part), 'hex');
  known.set(part, digest);
  return digest;
}

function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
}
