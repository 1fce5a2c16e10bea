import { isAbsent, isObject, type JsonObject } from '../pod/json.ts';
import { isMemberEdit, type Edit, type Path } from './edits.ts';

/** RFC 6902; these two are all that is needed. */
export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The planned edits as operations, no more than there are things to say: a variable before 2,000 others is one `add`. Nothing is
 * compared, so the cost grows with the edits and not with the pod.
 */
export function toOperations(object: JsonObject, edits: readonly Edit[]): readonly Operation[] {
  const made = new Set<string>();
  const members = edits.filter(isMemberEdit).flatMap((edit) => operationsOf(object, edit, made));
  const lists = edits
    .filter((edit) => !isMemberEdit(edit))
    .flatMap((edit) => operationsOf(object, edit, made));
  return [...members, ...lists];
}

function operationsOf(object: JsonObject, edit: Edit, made: Set<string>): readonly Operation[] {
  const at = pointer(edit.path);
  if (edit.kind === 'drop') {
    const parent = valueAt(object, edit.path);
    const isThere = isObject(parent) && Object.hasOwn(parent, edit.key);
    return isThere ? [{ op: 'remove', path: `${at}/${escape(edit.key)}` }] : [];
  }
  const isList = edit.kind !== 'set';
  const parents = missingParents(object, edit.path, { isList, made });
  if (edit.kind === 'set') {
    return [...parents, { op: 'add', path: `${at}/${escape(edit.key)}`, value: edit.value }];
  }
  const inserts = edit.items.map((value, index): Operation => {
    return { op: 'add', path: edit.kind === 'append' ? `${at}/-` : `${at}/${index}`, value };
  });
  return [...parents, ...inserts];
}

/** An `add` for each mapping on the way that is not there, and for the list or mapping at its end; each once. */
function missingParents(
  object: JsonObject,
  path: Path,
  { isList, made }: { readonly isList: boolean; readonly made: Set<string> },
): readonly Operation[] {
  const operations: Operation[] = [];
  for (let length = 1; length <= path.length; length++) {
    const part = path.slice(0, length);
    const at = pointer(part);
    if (made.has(at) || !isAbsent(valueAt(object, part))) continue;
    made.add(at);
    operations.push({ op: 'add', path: at, value: isList && length === path.length ? [] : {} });
  }
  return operations;
}

function valueAt(object: JsonObject, path: Path): unknown {
  let value: unknown = object;
  for (const step of path) {
    if (Array.isArray(value)) value = typeof step === 'number' ? (value as unknown[])[step] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** RFC 6901. */
function pointer(path: Path): string {
  return path.map((step) => `/${escape(String(step))}`).join('');
}

function escape(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
