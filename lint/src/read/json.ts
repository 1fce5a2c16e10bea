import type { Texts } from '../world.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What stands at `keys`; an empty one where nothing does, or no mapping. */
export function recordAt(value: unknown, ...keys: readonly string[]): Json {
  let at: unknown = value;
  for (const key of keys) at = isRecord(at) ? at[key] : undefined;
  return isRecord(at) ? at : {};
}

export function listAt(value: Json, key: string): readonly unknown[] {
  const list = value[key];
  return Array.isArray(list) ? list : [];
}

export function textAt(value: Json, key: string): string | undefined {
  const text = value[key];
  return typeof text === 'string' ? text : undefined;
}

export function numberAt(value: Json, key: string): number | undefined {
  const number = value[key];
  return typeof number === 'number' ? number : undefined;
}

/** The entries that are texts, as labels and annotations are. */
export function textsAt(value: unknown, ...keys: readonly string[]): Texts {
  const entries = Object.entries(recordAt(value, ...keys));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
