import { didYouMean } from '@lanekeeper/runtime/nearest-name';
import type { ProblemReport } from './problem-report.ts';
import type { Tree, TreeNode } from './tree.ts';

/** One place in a document: how it was reached, what stands there, where problems go. Decoders take one and return a value. */
export interface Cursor {
  readonly parent: Cursor | undefined;
  /** Key or index in the parent; the path is only put together for a problem. */
  readonly step: string | number;
  readonly node: unknown;
  readonly tree: Tree;
  readonly report: ProblemReport;
}

/** Which keys a mapping may have. */
export interface Shape {
  readonly keys: readonly string[];
  /** Keys that are known elsewhere, each with why not here. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** The entries of a mapping that have a value; a key with nothing after it counts as left out. */
export type Fields = ReadonlyMap<string, Cursor>;

export const NO_FIELDS: Fields = new Map();

/** The top of a document. */
export function rootCursor(node: unknown, tree: Tree, report: ProblemReport): Cursor {
  return { parent: undefined, step: '', node, tree, report };
}

function child(parent: Cursor, step: string | number, node: unknown): Cursor {
  return { parent, step, node, tree: parent.tree, report: parent.report };
}

/** `services[2].endpoints[0].port`; `document` at the top. */
export function pathOf(cursor: Cursor): string {
  const steps: (string | number)[] = [];
  for (let at = cursor; at.parent !== undefined; at = at.parent) steps.unshift(at.step);
  return steps.length === 0 ? 'document' : steps.reduce<string>(joinStep, '');
}

/** Says what is wrong at `cursor`. */
export function complain(cursor: Cursor, message: string): void {
  cursor.report.add(`${pathOf(cursor)}${cursor.tree.place(cursor.node)}`, message);
}

/** Says what was expected and what stands there. */
export function mismatch(cursor: Cursor, expected: string): void {
  if (!cursor.report.isFull())
    complain(cursor, `expected ${expected}, found ${describe(cursor.tree.read(cursor.node))}`);
}

/** Undefined when it is no mapping, which is reported. Unknown and repeated keys are reported and left out. */
export function fieldsOf(cursor: Cursor, shape: Shape): Fields | undefined {
  return readEntries(cursor, 'a mapping', (key, at) => {
    const isKnown = shape.keys.includes(key);
    const { report } = cursor;
    if (!isKnown && report.unknownKeys === 'refused' && !report.isFull())
      complain(at, unknownKey(key, shape));
    return isKnown;
  });
}

/** The entries of a mapping with free keys, in order, without those that have no value. */
export function entriesOf(cursor: Cursor, expected: string): Fields | undefined {
  return readEntries(cursor, expected, () => true);
}

function readEntries(
  cursor: Cursor,
  expected: string,
  accepts: (key: string, at: Cursor) => boolean,
): Fields | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind !== 'map') {
    mismatch(cursor, expected);
    return undefined;
  }
  const entries = new Map<string, Cursor>();
  const seen = new Set<string>();
  for (const [keyNode, value] of node.entries) {
    const key = keyText(cursor, keyNode);
    if (key === undefined) continue;
    const at = child(cursor, key, keyNode);
    if (seen.has(key)) complain(at, 'stands here twice; keep one');
    else if (accepts(key, at) && !isNothing(cursor.tree.read(value)))
      entries.set(key, child(cursor, key, value));
    seen.add(key);
  }
  return entries;
}

/** One value for each item that `decode` accepts; undefined from it drops the item. */
export function listOf<T>(cursor: Cursor | undefined, decode: (item: Cursor) => T | undefined): T[] {
  if (cursor === undefined) return [];
  const node = cursor.tree.read(cursor.node);
  if (node.kind !== 'list') {
    mismatch(cursor, 'a list');
    return [];
  }
  return node.items
    .map((item, index) => decode(child(cursor, index, item)))
    .filter((value) => value !== undefined);
}

/** The field `key` decoded, or `fallback` where it is left out or wrong. */
export function fieldOr<T, F>(
  fields: Fields,
  key: string,
  decode: (at: Cursor) => T | undefined,
  fallback: F,
): T | F {
  const at = fields.get(key);
  return at === undefined ? fallback : (decode(at) ?? fallback);
}

/** As {@link fieldOr}, but the key must be there. `owner` is where the problem is shown. */
export function requiredOr<T, F>(
  owner: { readonly cursor: Cursor; readonly fields: Fields },
  key: string,
  decode: (at: Cursor) => T | undefined,
  fallback: F,
): T | F {
  if (!owner.fields.has(key)) complain(owner.cursor, `${key} is missing`);
  return fieldOr(owner.fields, key, decode, fallback);
}

/** The place that `steps` lead to from `cursor`; as far as they lead. */
export function down(cursor: Cursor, ...steps: readonly (string | number)[]): Cursor {
  let at = cursor;
  for (const step of steps) {
    const node = at.tree.read(at.node);
    if (node.kind === 'list' && typeof step === 'number') {
      at = child(at, step, node.items[step]);
    } else if (node.kind === 'map') {
      const entry = node.entries.find(([key]) => keyOf(at.tree.read(key)) === step);
      if (entry !== undefined) at = child(at, step, entry[1]);
    }
  }
  return at;
}

function joinStep(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (!/^[-\w]+$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
  return path === '' ? step : `${path}.${step}`;
}

function keyText(cursor: Cursor, keyNode: unknown): string | undefined {
  const key = cursor.tree.read(keyNode);
  const at = { ...cursor, node: keyNode ?? cursor.node };
  if (key.kind !== 'scalar' || isNothing(key)) {
    complain(at, 'expected a plain key');
    return undefined;
  }
  if (key.isPlain && key.source === '<<') {
    complain(at, 'merge keys (<<) are not part of YAML 1.2; write the fields out');
    return undefined;
  }
  return keyOf(key);
}

/** The text of a key, also of one that YAML takes for a number: `80: 8080`. */
function keyOf(key: TreeNode): string | undefined {
  if (key.kind !== 'scalar') return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}

function unknownKey(key: string, shape: Shape): string {
  const known =
    shape.refused !== undefined && Object.hasOwn(shape.refused, key) ? shape.refused[key] : undefined;
  if (known !== undefined) return known;
  const nearest = didYouMean(key.slice(0, 100), shape.keys);
  return nearest === '' ? `unknown key; expected one of ${shape.keys.join(', ')}` : `unknown key${nearest}`;
}

/** Whether a list or mapping stands there and has nothing in it. */
export function isEmpty(cursor: Cursor): boolean {
  const node = cursor.tree.read(cursor.node);
  return (
    (node.kind === 'list' && node.items.length === 0) || (node.kind === 'map' && node.entries.length === 0)
  );
}

export function isNothing(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function describe(node: TreeNode): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (isNothing(node)) return 'nothing';
  const text = node.source.length > 60 ? `${node.source.slice(0, 60)}…` : node.source;
  return typeof node.value === 'string' ? JSON.stringify(text) : text;
}
