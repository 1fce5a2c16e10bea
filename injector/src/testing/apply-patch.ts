import { applyPatch, type Operation as LibraryOperation } from 'rfc6902';
import type { Operation } from '../patch/json-patch.ts';

/** A copy of `object` with the operations, as they travel, applied by somebody else's RFC 6902; throws when one cannot be. */
export function applied(object: unknown, operations: readonly Operation[]): unknown {
  const copy = overTheWire(object);
  const errors = applyPatch(copy, overTheWire(operations) as LibraryOperation[]).filter(
    (error) => error !== null,
  );
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('; '));
  return copy;
}

function overTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
