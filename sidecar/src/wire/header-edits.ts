import type { HeaderEdit } from './head.ts';

/** Whether the fields called `lower` go, for an edit takes their place. One that only adds leaves them. */
export function isReplaced(lower: string, edits: readonly HeaderEdit[]): boolean {
  // By index: it is asked for every field of every message.
  for (let at = 0; at < edits.length; at += 1) {
    const edit = edits[at];
    if (edit !== undefined && edit.name === lower && edit.append !== true) return true;
  }
  return false;
}
