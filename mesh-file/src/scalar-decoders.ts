import { complain, isNothing, mismatch, type Cursor } from './decoder.ts';

/** What a string must be, and how to tell. */
export interface TextRule {
  /** Completes the sentence "expected …". */
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
}

const ANY_TEXT: TextRule = { expected: 'a string', accepts: (text) => text !== '' };

/** What YAML 1.1 takes for booleans and YAML 1.2 for text. */
const BOOLEAN_IN_YAML_1_1 = /^(?:yes|no|on|off)$/i;

/** Undefined when it is not such a string, which is reported. Numbers and booleans are not strings. */
export function textOf(cursor: Cursor, rule: TextRule = ANY_TEXT): string | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind !== 'scalar' || isNothing(node)) {
    mismatch(cursor, rule.expected);
    return undefined;
  }
  const { value, source } = node;
  if (typeof value !== 'string') {
    complain(cursor, `expected ${rule.expected}, found the ${typeof value} ${source}; quote it: "${source}"`);
    return undefined;
  }
  if (node.isPlain && BOOLEAN_IN_YAML_1_1.test(value)) {
    complain(
      cursor,
      `unquoted ${value} is a boolean to YAML 1.1 tools such as kubectl and Helm; quote it: "${value}"`,
    );
    return undefined;
  }
  if (rule.accepts(value)) return value;
  mismatch(cursor, rule.expected);
  return undefined;
}

/** Decimal digits only: `0777` is 511 to YAML 1.1 tools and 777 to YAML 1.2. */
export function integerOf(cursor: Cursor, min: number, max: number): number | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'number' && /^-?(?:0|[1-9][0-9]*)$/.test(node.source)) {
    if (node.value >= min && node.value <= max) return node.value;
  }
  mismatch(cursor, `an integer from ${min} to ${max}`);
  return undefined;
}

/** A share of 100 in steps of 0.01. */
export function percentOf(cursor: Cursor): number | undefined {
  return decimalOf(cursor, {
    expected: 'a number from 0 to 100 with at most two decimals',
    pattern: /^(?:0|[1-9][0-9]?|100)(?:\.[0-9]{1,2})?$/,
    accepts: (value) => value <= 100,
  });
}

/** A number whose JSON has no exponent either: what one program writes another one reads. */
export function numberOf(cursor: Cursor): number | undefined {
  return decimalOf(cursor, {
    expected: `a number of at most ${Number.MAX_SAFE_INTEGER}, with at most six decimals`,
    pattern: /^(?!-0(?:\.0+)?$)-?(?:0|[1-9][0-9]*)(?:\.[0-9]{1,6})?$/,
    accepts: (value) => Math.abs(value) <= Number.MAX_SAFE_INTEGER,
  });
}

interface DecimalRule {
  readonly expected: string;
  readonly pattern: RegExp;
  readonly accepts: (value: number) => boolean;
}

function decimalOf(cursor: Cursor, { expected, pattern, accepts }: DecimalRule): number | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'number' && pattern.test(node.source)) {
    if (accepts(node.value)) return node.value;
  }
  mismatch(cursor, expected);
  return undefined;
}

export function booleanOf(cursor: Cursor): boolean | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  mismatch(cursor, 'true or false');
  return undefined;
}

export function choiceOf<T extends string>(cursor: Cursor, values: readonly T[]): T | undefined {
  const node = cursor.tree.read(cursor.node);
  const found = node.kind === 'scalar' ? values.find((value) => value === node.value) : undefined;
  if (found === undefined) mismatch(cursor, `one of ${values.join(', ')}`);
  return found;
}
