/** As much of a structural OpenAPI schema as an API server checks without CEL, and the CRDs use. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly not?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** Paths of what the schema refuses, and of fields that it does not know, which an API server would drop. */
export function refusalsOf(schema: Schema, value: unknown, path = ''): readonly string[] {
  const here = isRefused(schema, value) ? [path] : [];
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? here
      : [...here, ...value.flatMap((item, index) => refusalsOf(items, item, `${path}[${index}]`))];
  }
  if (typeof value !== 'object' || value === null) return here;
  const below = Object.entries(value).flatMap(([key, field]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const known = schema.properties?.[key] ?? schema.additionalProperties;
    if (known !== undefined) return refusalsOf(known, field, at);
    return isOpen(schema, path) ? [] : [`${at} (unknown)`];
  });
  const missing = (schema.required ?? []).filter((key) => !(key in value));
  return [...here, ...missing.map((key) => (path === '' ? key : `${path}.${key}`)), ...below];
}

/** Every schema below one, with its path. */
export function* schemasIn(schema: Schema, path = ''): Generator<readonly [path: string, schema: Schema]> {
  yield [path, schema];
  for (const [key, below] of Object.entries(schema.properties ?? {}))
    yield* schemasIn(below, `${path}.${key}`);
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* schemasIn(schema.additionalProperties, `${path}.*`);
}

function isOpen(schema: Schema, path: string): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || path === 'metadata';
}

function isRefused(schema: Schema, value: unknown): boolean {
  if (schema.type !== undefined && !isOfType(schema.type, value)) return true;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return true;
  if (schema.not !== undefined && !isRefused(schema.not, value)) return true;
  if (typeof value === 'number') return isOutside(value, schema.minimum, schema.maximum);
  if (typeof value === 'string') {
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) return true;
    return isOutside(value.length, schema.minLength, schema.maxLength);
  }
  if (Array.isArray(value)) return isOutside(value.length, schema.minItems, schema.maxItems);
  if (typeof value !== 'object' || value === null) return false;
  return isOutside(Object.keys(value).length, schema.minProperties, schema.maxProperties);
}

function isOutside(value: number, min = -Infinity, max = Infinity): boolean {
  return value < min || value > max;
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
