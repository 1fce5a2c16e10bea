import { applyPatch, type Operation as LibraryOperation } from 'rfc6902';
import type { Operation } from '../patch/json-patch.ts';

/** A copy of `object` with the operations applied by somebody else's RFC 6902; throws when one cannot be. */
export function applied(object: unknown, operations: readonly Operation[]): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(object));
  const errors = applyPatch(copy, operations as LibraryOperation[]).filter((error) => error !== null);
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('; '));
  return copy;
}
