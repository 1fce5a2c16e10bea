import type { HeaderChange } from '@lanekeeper/protocol/edge';
import type { HeaderEdit } from '../../wire/head.ts';

export const NO_CHANGES: readonly HeaderEdit[] = Object.freeze([]);

/**
 * What no rule may touch: fields that frame the message or route it, our own, and the tag, which colouring alone writes. The host is
 * changed by a rewrite.
 */
const PROTECTED: ReadonlySet<string> = new Set([
  'baggage',
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OURS = 'x-lanekeeper-';
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const BAD_VALUE = /[\r\n\0]/;

/** The edits of a change: set, then added, then removed. What is protected or malformed is left out. */
export function compileChange(change: HeaderChange | undefined): readonly HeaderEdit[] {
  if (change === undefined) return NO_CHANGES;
  const edits: HeaderEdit[] = [];
  for (const [field, value] of Object.entries(change.set)) add(edits, field, value);
  for (const [field, value] of Object.entries(change.add)) add(edits, field, value, true);
  for (const field of change.remove) add(edits, field, null);
  return edits.length === 0 ? NO_CHANGES : edits;
}

function add(edits: HeaderEdit[], field: string, value: string | null, append?: true): void {
  const name = field.toLowerCase();
  const isAllowed = NAME.test(name) && !PROTECTED.has(name) && !name.startsWith(OURS);
  if (!isAllowed || (value !== null && BAD_VALUE.test(value))) return;
  edits.push(append === undefined ? { name, value } : { name, value, append });
}

/**
 * Several lists of edits, made one after the other, as one: of each name at most one edit that replaces, then those that add to it.
 * A later replacement undoes what came before it.
 */
export function joinEdits(lists: readonly (readonly HeaderEdit[])[]): readonly HeaderEdit[] {
  const present = lists.filter((list) => list.length > 0);
  if (present.length < 2) return present[0] ?? NO_CHANGES;
  const byName = new Map<string, HeaderEdit[]>();
  for (const edit of present.flat()) {
    const before = byName.get(edit.name);
    if (before === undefined || edit.append !== true) byName.set(edit.name, [edit]);
    else before.push(edit);
  }
  return [...byName.values()].flat();
}
