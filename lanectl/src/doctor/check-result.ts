/** In the order in which one thing rests on the other. */
export const CATEGORIES = [
  'api',
  'crds',
  'control-plane',
  'webhook',
  'injection',
  'interception',
  'versions',
  'sync',
  'dns',
  'lanes',
] as const;

export type Category = (typeof CATEGORIES)[number];

export interface CheckResult {
  readonly category: Category;
  /** Stable; lint's findings have their code. */
  readonly id: string;
  /** What was looked at. */
  readonly description: string;
  readonly result: 'ok' | 'warn' | 'fail' | 'skip';
  /** What is wrong, or why it was not looked at. */
  readonly error?: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** What a check finds; undefined: all is well. */
export type Verdict =
  { readonly result: 'warn' | 'fail' | 'skip'; readonly error: string; readonly hint?: string } | undefined;

export function warn(error: string, hint?: string): Verdict {
  return { result: 'warn', error, ...(hint === undefined ? {} : { hint }) };
}

export function fail(error: string, hint?: string): Verdict {
  return { result: 'fail', error, ...(hint === undefined ? {} : { hint }) };
}

export function skip(error: string, hint?: string): Verdict {
  return { result: 'skip', error, ...(hint === undefined ? {} : { hint }) };
}

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
