/** `www.example.com`, `*.example.com` (one or more labels in place of the star) or `*`: all. Lower-case. */
export type HostPattern = string;

export const ANY_HOST: HostPattern = '*';

/** The hosts that both mean, as a pattern; undefined: there are none. */
export function intersectHosts(a: HostPattern, b: HostPattern): HostPattern | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/** Whether `wide` means every host that `narrow` means. */
export function covers(wide: HostPattern, narrow: HostPattern): boolean {
  if (wide === narrow || wide === ANY_HOST) return true;
  // The dot of the suffix stays: `*.example.com` does not mean `example.com`.
  return wide.startsWith('*.') && narrow.endsWith(wide.slice(1)) && narrow.length > wide.length - 1;
}

/** The most specific one first: without a star, then with more after it; equal ones by name. */
export function compareHosts(a: HostPattern, b: HostPattern): number {
  const byStar = Number(a.startsWith('*')) - Number(b.startsWith('*'));
  if (byStar !== 0) return byStar;
  return b.length - a.length || (a < b ? -1 : Number(a > b));
}
