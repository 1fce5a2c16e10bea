import type { HeaderEdit } from './head.ts';

/** Whether the fields called `lower` go, for an edit takes their place. One that only adds leaves them. */
export function isReplaced(lower: string, edits: readonly HeaderEdit[]): boolean {
  for (const edit of edits) if (edit.name === lower && edit.append !== true) return true;
  return false;
}
