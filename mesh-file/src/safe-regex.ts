import { RE2JS, RE2JSException, RE2Set } from 're2js';

/** Longer ones are programs, not patterns. */
export const MAX_REGEX_LENGTH = 1_024;
/** Instructions of RE2's program; counted repetitions multiply them, and matching takes at most value times program. */
const MAX_PROGRAM = 1_200;
/** For the states of one automaton; where they do not suffice it goes on without keeping them, slower and still linear. */
const AUTOMATON_BYTES = 256 * 1024;

/**
 * A regular expression of RE2's syntax. Whatever the expression and the value, matching takes time linear in the value: no
 * backtracking. Characters are code points; `.` is any but a line feed.
 */
export interface SafeRegex {
  /** Every value that {@link test} takes begins with it; empty where nothing is known. */
  readonly prefix: string;
  /** Whether it matches all of `value` (RE2's FullMatch): `gray` does not match `gray-1`, `gray.*` does. */
  test(value: string): boolean;
  /** Whether it matches at the start of `value`, however far. */
  testStart(value: string): boolean;
  /** `template` with the groups of a match at the start of `value`; undefined where it does not match there. */
  expand(value: string, template: string): string | undefined;
  /** `value` with `template` in place of the first match, wherever it is; `value` itself where there is none. */
  replace(value: string, template: string): string;
}

export interface RegexOptions {
  /** `ALL` matches `all`; default false. */
  readonly ignoreCase?: boolean;
}

/** What is in use somewhere: a new configuration has mostly the expressions of the one before, which took long to compile. */
const inUse = new Map<string, WeakRef<SafeRegex>>();
const afterUse = new FinalizationRegistry<string>((key) => {
  if (inUse.get(key)?.deref() === undefined) inUse.delete(key);
});

/**
 * `problem` completes the sentence "this is no regular expression: …", in RE2's words. Never throws. The same text gives the same
 * object for as long as somebody holds it.
 */
export function compileRegex(
  text: string,
  { ignoreCase = false }: RegexOptions = {},
): SafeRegex | { readonly problem: string } {
  const key = `${ignoreCase ? 'i' : ' '}${text}`;
  const known = inUse.get(key)?.deref();
  if (known !== undefined) return known;
  const compiled = compile(text, ignoreCase);
  if ('problem' in compiled) return compiled;
  inUse.set(key, new WeakRef(compiled));
  afterUse.register(compiled, key);
  return compiled;
}

function compile(text: string, ignoreCase: boolean): SafeRegex | { readonly problem: string } {
  if (text.length > MAX_REGEX_LENGTH) {
    return { problem: `it has ${text.length} characters, more than ${MAX_REGEX_LENGTH}` };
  }
  const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0;
  try {
    const compiled = RE2JS.compile(text, flags);
    const size = compiled.programSize();
    if (size <= MAX_PROGRAM) return safeRegex(compiled, text, flags);
    return { problem: `its repetitions make it too large (${size} steps, more than ${MAX_PROGRAM})` };
  } catch (error) {
    if (error instanceof RE2JSException)
      return { problem: error.message.replace(/^error parsing regexp: /, '') };
    throw error;
  }
}

function safeRegex(compiled: RE2JS, text: string, flags: number): SafeRegex {
  const whole = lazySet(text, RE2Set.ANCHOR_BOTH, flags);
  const start = lazySet(text, RE2Set.ANCHOR_START, flags);
  const prefix = literalPrefix(compiled, text, flags);
  const parts = literalParts(compiled).filter((part) => part !== prefix);
  const mayMatch = (value: string): boolean => value.startsWith(prefix) && hasAll(value, parts);
  return {
    prefix,
    // Of hundreds that are asked in a row most are told by letters that they have and the value has not.
    test: (value) => mayMatch(value) && whole().match(value).length > 0,
    testStart: (value) => start().match(value).length > 0,
    expand(value, template) {
      const matcher = compiled.matcher(value);
      return matcher.lookingAt() ? fillIn(template, (group) => groupOf(matcher, group)) : undefined;
    },
    replace(value, template) {
      const matcher = compiled.matcher(value);
      if (!matcher.find()) return value;
      const put = fillIn(template, (group) => groupOf(matcher, group));
      return `${value.slice(0, matcher.start())}${put}${value.slice(matcher.end())}`;
    },
  };
}

/** The library sees no letters behind `^`, which says nothing at the start of a whole value. */
function literalPrefix(compiled: RE2JS, text: string, flags: number): string {
  const { source } = /^\^(?<source>[^*+?{].*)$/su.exec(text)?.groups ?? {};
  if (source === undefined) return textOf(compiled.re2().prefix);
  try {
    return textOf(RE2JS.compile(source, flags).re2().prefix);
  } catch {
    // What is left is no expression by itself.
    return '';
  }
}

/** Letters that stand somewhere in every match: `.*gray.*` -> `gray`. */
function literalParts(compiled: RE2JS): readonly string[] {
  const prefilter = compiled.re2().prefilter as Prefilter | null;
  if (prefilter === null) return [];
  const all = prefilter.type === ALL_OF ? prefilter.subs : [prefilter];
  return all.filter(({ type }) => type === ONE_TEXT).map(({ str }) => str);
}

/** What the library itself looks for before it searches a text; it does not where a match must be whole. */
interface Prefilter {
  readonly type: number;
  readonly str: string;
  readonly subs: readonly Prefilter[];
}

const ONE_TEXT = 1;
const ALL_OF = 2;

function hasAll(value: string, parts: readonly string[]): boolean {
  for (let index = 0; index < parts.length; index += 1) {
    if (!value.includes(parts[index] ?? '')) return false;
  }
  return true;
}

function textOf(prefix: unknown): string {
  return typeof prefix === 'string' ? prefix : '';
}

/** A set of one: of all that the library offers it alone bounds the memory of its automaton. Most are only ever checked. */
function lazySet(text: string, anchor: number, flags: number): () => RE2Set {
  let set: RE2Set | undefined;
  return () => {
    if (set === undefined) {
      set = new RE2Set(anchor, flags, AUTOMATON_BYTES);
      set.add(text);
    }
    return set;
  };
}

/** `$0` is the match, `$1` to `$9` are its groups; one that took no part, or that is not there, is empty. Any other `$` is one. */
function fillIn(template: string, groupAt: (group: number) => string): string {
  return template.replace(/\$([0-9])/g, (_, digit: string) => groupAt(Number(digit)));
}

function groupOf(matcher: ReturnType<RE2JS['matcher']>, group: number): string {
  return group > matcher.groupCount() ? '' : (matcher.group(group) ?? '');
}
