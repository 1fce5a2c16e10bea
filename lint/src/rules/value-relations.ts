import type { ValueMatch } from '@lanekeeper/protocol/model';

/** The values that a condition lists, where it lists any. */
function listed(match: ValueMatch): readonly string[] | undefined {
  if ('exact' in match) return [match.exact];
  return 'in' in match ? match.in : undefined;
}

/** Whether `value` fulfils the condition; undefined where that is not worth finding out here. */
function accepts(match: ValueMatch, value: string): boolean | undefined {
  if ('exact' in match) return value === match.exact;
  if ('in' in match) return match.in.includes(value);
  if ('prefix' in match) return value.startsWith(match.prefix);
  if ('suffix' in match) return value.endsWith(match.suffix);
  if ('present' in match) return match.present;
  return undefined;
}

/** Whether every value that fulfils `narrow` surely fulfils `wide`. */
export function coversValue(wide: ValueMatch, narrow: ValueMatch): boolean {
  const values = listed(narrow);
  if (values !== undefined && listed(wide) !== undefined)
    return values.every((value) => accepts(wide, value) === true);
  // The same share of two lanes is of different values.
  if ('percent' in wide) return false;
  if (JSON.stringify(wide) === JSON.stringify(narrow)) return true;
  if (values !== undefined) return values.every((value) => accepts(wide, value) === true);
  if ('present' in narrow) return false;
  if ('present' in wide) return wide.present;
  if ('prefix' in wide && 'prefix' in narrow) return narrow.prefix.startsWith(wide.prefix);
  if ('suffix' in wide && 'suffix' in narrow) return narrow.suffix.endsWith(wide.suffix);
  return false;
}

/** Whether surely no value fulfils both. */
export function excludesValue(a: ValueMatch, b: ValueMatch): boolean {
  const values = listed(a);
  if (values !== undefined) return values.every((value) => accepts(b, value) === false);
  if (listed(b) !== undefined) return excludesValue(b, a);
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) !== isAbsent(b);
  if ('prefix' in a && 'prefix' in b) return !a.prefix.startsWith(b.prefix) && !b.prefix.startsWith(a.prefix);
  if ('suffix' in a && 'suffix' in b) return !a.suffix.endsWith(b.suffix) && !b.suffix.endsWith(a.suffix);
  return false;
}

function isAbsent(match: ValueMatch): boolean {
  return 'present' in match && !match.present;
}
