import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { ValueMatch } from '@lanekeeper/protocol/model';
import { shareTest, type KeyHash } from './share.ts';

export type ValueTest = (value: string | undefined) => boolean;

/**
 * Every operator but `present: false` needs the field to be there. `hash` is what `percent` chooses by. An
 * operator that is not known matches nothing: sources refuse it, and if one slips through it must not colour everybody.
 */
export function valueTest(match: ValueMatch, hash: KeyHash): ValueTest {
  if ('exact' in match) return (value) => value === match.exact;
  if ('prefix' in match) return (value) => value?.startsWith(match.prefix) ?? false;
  if ('suffix' in match) return (value) => value?.endsWith(match.suffix) ?? false;
  if ('present' in match) return (value) => (value !== undefined) === match.present;
  if ('in' in match) return inTest(match.in);
  const test = presentTest(match, hash);
  return (value) => value !== undefined && test(value);
}

function inTest(values: readonly string[]): ValueTest {
  const wanted: ReadonlySet<string | undefined> = new Set(values);
  return (value) => wanted.has(value);
}

function presentTest(match: ValueMatch, hash: KeyHash): (value: string) => boolean {
  if ('regex' in match) return regexTest(match.regex);
  if ('range' in match) return rangeTest(match.range);
  if ('percent' in match) {
    const isInShare = shareTest(match.percent, hash);
    return (value) => value !== '' && isInShare(value);
  }
  return () => false;
}

export function regexTest(text: string): (value: string) => boolean {
  const regex = compileRegex(text);
  return 'problem' in regex ? () => false : (value) => regex.test(value);
}

const NUMBER = /^[-+]?[0-9]+(?:\.[0-9]+)?$/;

/** Decimal numbers only: `0x10`, `1e3`, ` 1` and an empty value are none. */
function rangeTest({
  from = -Infinity,
  to = Infinity,
}: {
  from?: number;
  to?: number;
}): (value: string) => boolean {
  return (value) => {
    if (!NUMBER.test(value)) return false;
    const number = Number(value);
    return number >= from && number <= to;
  };
}
