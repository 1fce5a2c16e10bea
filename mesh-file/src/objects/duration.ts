import { mismatch, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';

const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };
const DURATION = /^(?:\d{1,6}[dhms])+$/;
/** Nobody means more; it keeps sums exact. */
const MAX_SECONDS = 10 * 365 * 86_400;

/** `72h`, `1h30m`, `7d`: seconds. */
export function durationSecondsOf(cursor: Cursor): number | undefined {
  const expected = 'a duration such as 72h, 30m or 7d, at least 1s and at most 3650d';
  const text = textOf(cursor, { expected, accepts: (given) => DURATION.test(given) });
  if (text === undefined) return undefined;
  const parts = text.match(/\d+[dhms]/g) ?? [];
  const seconds = parts.reduce(
    (sum, part) => sum + Number.parseInt(part, 10) * (SECONDS[part.slice(-1)] ?? 0),
    0,
  );
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  mismatch(cursor, expected);
  return undefined;
}
