import { isAbsent, isObject, type JsonObject } from '../pod/json.ts';

/** Where in the object as it came: keys, and indexes before anything was inserted. */
export type Path = readonly (string | number)[];

/** One planned change. Mappings and lists at `path` are made where they are absent. */
export type Edit =
  | { readonly kind: 'set'; readonly path: Path; readonly key: string; readonly value: unknown }
  | { readonly kind: 'drop'; readonly path: Path; readonly key: string }
  | { readonly kind: 'prepend' | 'append'; readonly path: Path; readonly items: readonly unknown[] };

/** The object with all edits made. What no edit names is the very same value. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  // Members first, lists last: paths speak of the indexes that were there before.
  const ordered = [...edits.filter(isMemberEdit), ...edits.filter((edit) => !isMemberEdit(edit))];
  return ordered.reduce<JsonObject>((before, edit) => {
    const after = changeWithin(before, edit.path, changeOf(edit));
    return isObject(after) ? after : before;
  }, object);
}

export function isMemberEdit(edit: Edit): boolean {
  return edit.kind === 'set' || edit.kind === 'drop';
}

type Change = (value: unknown) => unknown;

function changeOf(edit: Edit): Change {
  switch (edit.kind) {
    case 'set':
      return (value) => ({ ...(isObject(value) ? value : {}), [edit.key]: edit.value });
    case 'drop':
      return (value) => (isObject(value) ? without(value, edit.key) : value);
    case 'prepend':
      return (value) => [...edit.items, ...listOf(value)];
    case 'append':
      return (value) => [...listOf(value), ...edit.items];
  }
}

function changeWithin(value: unknown, path: Path, change: Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (typeof step === 'number') {
    return listOf(value).map((item, index) => (index === step ? changeWithin(item, rest, change) : item));
  }
  const before = isObject(value) ? value : {};
  const member = Object.hasOwn(before, step) ? before[step] : undefined;
  return { ...before, [step]: changeWithin(member, rest, change) };
}

function without(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

function listOf(value: unknown): readonly unknown[] {
  return isAbsent(value) || !Array.isArray(value) ? [] : value;
}
