import { complain, fieldOr, mismatch, requiredOr, type Cursor, type Fields } from '../decoder.ts';

/** A mapping whose fields are read. */
export interface Owner {
  readonly cursor: Cursor;
  readonly fields: Fields;
}

export type Decode<T> = (at: Cursor) => T | undefined;

/** `{key: value}` where the field is there and right, `{}` otherwise: an absent field stays absent. */
export function optional<K extends string, T>(
  { fields }: Owner,
  key: K,
  decode: Decode<T>,
): { readonly [Key in K]?: T } {
  const value = fieldOr(fields, key, decode, undefined);
  return value === undefined ? {} : ({ [key]: value } as { readonly [Key in K]?: T });
}

export function required<T>(owner: Owner, key: string, decode: Decode<T>, otherwise: T): T {
  return requiredOr(owner, key, decode, otherwise);
}

/** Of the fields of one owner exactly one. */
export function onlyOne(owner: Owner, keys: readonly string[]): string | undefined {
  const given = keys.filter((key) => owner.fields.has(key));
  if (given.length === 1) return given[0];
  complain(owner.cursor, `expected one of ${keys.join(', ')}, found ${given.join(' and ') || 'none'}`);
  return undefined;
}

/** Any number, fractions included. */
export function numberBetween(cursor: Cursor, min: number, max: number): number | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'number' && node.value >= min && node.value <= max)
    return node.value;
  mismatch(cursor, `a number from ${min} to ${max}`);
  return undefined;
}
