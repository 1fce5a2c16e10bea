const SECRET_FIELDS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'password',
  'token',
]);
const DEPTH = 4;

/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/**
 * `fields` with the values of secret-bearing names (any case) replaced, four levels deep. The same object where there is none,
 * which is nearly always: a log line then costs no copy. Errors and other instances are left to their serializers.
 */
export function redactFields(fields: Fields): Fields {
  return redactRecord(fields, DEPTH);
}

type Fields = Record<string, unknown>;

function redactRecord(fields: Fields, depth: number): Fields {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const clean = SECRET_FIELDS.has(key.toLowerCase()) ? REDACTED : redactValue(value, depth - 1);
    if (clean === value) continue;
    copy ??= { ...fields };
    copy[key] = clean;
  }
  return copy ?? fields;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return redactList(value, depth);
  return isPlain(value) ? redactRecord(value, depth) : value;
}

function redactList(list: readonly unknown[], depth: number): readonly unknown[] {
  const clean = list.map((item) => redactValue(item, depth - 1));
  return clean.every((item, index) => item === list[index]) ? list : clean;
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
