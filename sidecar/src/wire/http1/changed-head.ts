import type { HeaderEdit } from '../head.ts';
import { textOf } from './bytes.ts';
import type { FieldTable } from './field-table.ts';

/** What is to be made of the fields of a head on their way through. */
export interface FieldChanges {
  readonly edits: readonly HeaderEdit[];
  /** Fields that stay behind. */
  readonly dropped: readonly number[];
}

/** The bytes from `start` to the end of the fields as they came, without those that go; then those that come; no empty line. */
export function changedHead(fields: FieldTable, start: number, changes: FieldChanges): string {
  const { edits } = changes;
  let text = '';
  let kept = start;
  for (let field = 0; field < fields.count; field += 1) {
    if (!goes(fields, field, changes)) continue;
    const from = fields.lineStart(field);
    if (from > kept) text += textOf(fields.bytes, kept, from);
    kept = fields.lineEnd(field);
  }
  text += textOf(fields.bytes, kept, fields.end);
  for (let at = 0; at < edits.length; at += 1) {
    const edit = edits[at];
    if (edit === undefined || edit.value === null) continue;
    text += `${edit.append === true ? spelling(fields, edit.name) : edit.name}: ${edit.value}\r\n`;
  }
  return text;
}

function goes(fields: FieldTable, field: number, { edits, dropped }: FieldChanges): boolean {
  if (dropped.length > 0 && dropped.includes(field)) return true;
  for (let at = 0; at < edits.length; at += 1) {
    const edit = edits[at];
    if (edit !== undefined && edit.append !== true && fields.isNamed(field, edit.name)) return true;
  }
  return false;
}

/** As the field that is there already, if there is one. */
function spelling(fields: FieldTable, lower: string): string {
  const field = fields.find(lower);
  return field < 0 ? lower : fields.name(field);
}
