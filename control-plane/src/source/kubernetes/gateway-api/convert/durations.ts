const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** What a timer can count; nobody waits for longer ones. */
const MOST_MS = 2 ** 31 - 1;

/** Milliseconds of a duration as GEP-2257 writes it (`1h30m`, `500ms`, `0s`); undefined: it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)(ms|h|m|s)/g)) {
    total += Number(digits) * (UNITS[unit] ?? 0);
  }
  return Math.min(total, MOST_MS);
}
