import { isDeepStrictEqual } from 'node:util';
import { fieldsOf, isFields } from '@lanekeeper/kubernetes/kube-object';
import { CONTROLLER_NAME } from './controller-name.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The status as it should be, out of what stands there and what is wanted:
 * - a condition of ours takes the place of the one of its type, with the time of that one while `status` is the same; others stay;
 * - in `parents` (of a route) the entries of other controllers stay;
 * - any other field that is wanted is as it is wanted, one that is wanted as undefined goes, and one that is not named stays.
 *
 * `now` is RFC 3339, for conditions that change.
 */
export function mergeStatus(standing: unknown, wanted: Fields, now: string): Fields {
  const before = fieldsOf(standing);
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined) delete merged[name];
    else merged[name] = mergeField(name, { before: before[name], wanted: value }, now);
  }
  return merged;
}

interface Two {
  readonly before: unknown;
  readonly wanted: unknown;
}

function mergeField(name: string, two: Two, now: string): unknown {
  if (name === 'conditions') return keepOthers(two, typeOf, (mine) => withTime(mine, now));
  if (name === 'parents') return mergeParents(two, now);
  if (name === 'listeners') return replaceEach(two, nameOf, (mine) => withConditions(mine, now));
  return two.wanted;
}

interface Pair {
  /** As it stands; undefined: it is new. */
  readonly old: Fields | undefined;
  readonly mine: Fields;
}

/** Items of before in their order, those that are wanted replaced; what is new comes last. */
function keepOthers(
  { before, wanted }: Two,
  keyOf: (item: Fields) => string,
  merge: (pair: Pair) => Fields,
): readonly unknown[] {
  const mine = new Map(itemsOf(wanted).map((item) => [keyOf(item), item]));
  const kept = listOf(before).map((item) => {
    const key = isFields(item) ? keyOf(item) : '';
    const own = mine.get(key);
    if (own === undefined || !isFields(item)) return item;
    mine.delete(key);
    return merge({ old: item, mine: own });
  });
  return [...kept, ...[...mine.values()].map((own) => merge({ old: undefined, mine: own }))];
}

/** All items are ours: what is not wanted goes. */
function replaceEach(
  { before, wanted }: Two,
  keyOf: (item: Fields) => string,
  merge: (pair: Pair) => Fields,
): readonly unknown[] {
  const standing = new Map(itemsOf(before).map((item) => [keyOf(item), item]));
  return itemsOf(wanted).map((mine) => merge({ old: standing.get(keyOf(mine)), mine }));
}

/** What is wanted of other controllers' entries does not count: they may have changed them meanwhile. */
function mergeParents({ before, wanted }: Two, now: string): readonly unknown[] {
  const mine = itemsOf(wanted).filter(isOurs);
  const stays = new Set(mine.map(parentKey));
  const standing = listOf(before).filter(
    (item) => !isFields(item) || !isOurs(item) || stays.has(parentKey(item)),
  );
  return keepOthers({ before: standing, wanted: mine }, parentKey, (pair) => {
    const merged = withConditions(pair, now);
    // The server fills in what the reference leaves out; that is no difference.
    return pair.old === undefined ? merged : { ...merged, parentRef: pair.old['parentRef'] };
  });
}

function isOurs(entry: Fields): boolean {
  return entry['controllerName'] === CONTROLLER_NAME;
}

/** What the server fills in of a reference counts as said. */
function parentKey(entry: Fields): string {
  const ref = fieldsOf(entry['parentRef']);
  const { group = 'gateway.networking.k8s.io', kind = 'Gateway', namespace, name, sectionName, port } = ref;
  return JSON.stringify([entry['controllerName'], group, kind, namespace, name, sectionName, port]);
}

function typeOf(condition: Fields): string {
  return String(condition['type']);
}

function nameOf(item: Fields): string {
  return String(item['name']);
}

function withConditions({ old, mine }: Pair, now: string): Fields {
  if (mine['conditions'] === undefined) return mine;
  const two = { before: old?.['conditions'], wanted: mine['conditions'] };
  return { ...mine, conditions: replaceEach(two, typeOf, (pair) => withTime(pair, now)) };
}

function withTime({ old, mine }: Pair, now: string): Fields {
  const isSame = old !== undefined && old['status'] === mine['status'];
  const since = isSame ? old['lastTransitionTime'] : undefined;
  return { ...mine, lastTransitionTime: since ?? now };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function itemsOf(value: unknown): readonly Fields[] {
  return listOf(value).filter(isFields);
}

/** JSON merge patch (RFC 7396) that makes `after` of `before`; undefined: they are equal. */
export function patchOf(before: unknown, after: Fields): Fields | undefined {
  const old = fieldsOf(before);
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(old)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const standing = Object.hasOwn(old, name) ? old[name] : undefined;
    if (isDeepStrictEqual(standing, value)) continue;
    // Of an object that is new, or was none, nothing has to be taken away.
    patch[name] = isFields(value) && isFields(standing) ? patchOf(standing, value) : value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
