/** A mapping as it came: members that this version does not know are kept by never being touched. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Kubernetes reads `null` as "left out". */
export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** What stands where something else was expected; the path says where. */
export class ShapeError extends Error {
  constructor(path: string, expected: string, found: unknown) {
    super(`${path}: expected ${expected}, found ${Array.isArray(found) ? 'a list' : typeof found}`);
    this.name = 'ShapeError';
  }
}

/** The mapping at `path`, empty where it is left out. Throws {@link ShapeError}. */
export function objectAt(value: unknown, path: string): JsonObject {
  if (isAbsent(value)) return {};
  if (!isObject(value)) throw new ShapeError(path, 'a mapping', value);
  return value;
}

/** The list of mappings at `path`, empty where it is left out. Throws {@link ShapeError}. */
export function objectsAt(value: unknown, path: string): readonly JsonObject[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) throw new ShapeError(path, 'a list', value);
  return value.map((item: unknown, index) => {
    if (!isObject(item)) throw new ShapeError(`${path}[${index}]`, 'a mapping', item);
    return item;
  });
}

/** The mapping from text to text at `path`, empty where it is left out. Throws {@link ShapeError}. */
export function textsAt(value: unknown, path: string): Readonly<Record<string, string>> {
  const texts = objectAt(value, path);
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text !== 'string') throw new ShapeError(`${path}[${JSON.stringify(key)}]`, 'text', text);
  }
  return texts as Readonly<Record<string, string>>;
}

/** An own member; a key called `constructor` is no function of ours. */
export function ownText(texts: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = Object.hasOwn(texts, key) ? texts[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
