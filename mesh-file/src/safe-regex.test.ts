import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, type RegexOptions, type SafeRegex } from './safe-regex.ts';

function regexOf(text: string, options?: RegexOptions): SafeRegex {
  const compiled = compileRegex(text, options);
  if ('problem' in compiled) throw new Error(`${text}: ${compiled.problem}`);
  return compiled;
}

function problemOf(text: string): string | undefined {
  const compiled = compileRegex(text);
  return 'problem' in compiled ? compiled.problem : undefined;
}

describe('test', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['gray', ['gray'], ['gray-1', 'xgray', 'GRAY', '']],
    ['a|ab', ['a', 'ab'], ['abc', 'b']],
    ['(a|ab)(c|bcd)', ['ac', 'abc', 'abcd', 'abbcd'], ['ab', 'abcdx']],
    ['a*?', ['', 'aaa'], ['ab']],
    ['^10[0-9]{2}$', ['1001'], ['11001', '10010']],
    ['(?i)beta', ['BETA', 'beta'], ['beta2']],
    ['.', ['x', '订', '🛒'], ['', '\n', 'xx']],
    [String.raw`\d+\.\d+`, ['2.7'], ['2x7', '२.७']],
    ['', [''], ['a']],
  ])('%s matches whole values', (text, yes, no) => {
    const regex = regexOf(text);
    expect(yes.filter((value) => !regex.test(value))).toEqual([]);
    expect(no.filter((value) => regex.test(value))).toEqual([]);
  });

  it('takes time linear in the value where backtracking would never end', () => {
    const evil = ['^(a+)+$', '(a|a)*', '(a|aa)+', '(.*)*', '([a-z]+)*', '(a*)*(a*)*(a*)*'];
    const value = `${'a'.repeat(50_000)}!`;
    expect(evil.filter((text) => regexOf(`${text}$`).test(value))).toEqual(['(.*)*']);
  });

  it('goes on in the memory that it has where there are more states than that', () => {
    const regex = regexOf('[ab]*a[ab]{400}');
    const far = `a${'b'.repeat(400)}`;
    const noise = Array.from({ length: 3_000 }, (_, index) => ((index * index) % 7 < 3 ? 'a' : 'b')).join('');
    expect(regex.test(`${noise}${far}`)).toBe(true);
    expect(regex.test(`${noise}b${'b'.repeat(400)}`)).toBe(false);
  });
});

describe('prefix', () => {
  it.each([
    ['/a/b', '/a/b'],
    ['^/a(/|$)(.*)', '/a'],
    ['/s1/v[0-9]', '/s1/v'],
    ['ab*', 'a'],
    ['^a|b', ''],
    ['(?i)abc', ''],
    ['.*', ''],
    ['^{2}a', ''],
    ['^*a', ''],
  ])('of %s is %j', (text, prefix) => {
    expect(regexOf(text).prefix).toBe(prefix);
  });
});

it('gives one object for one text and one way to read it, as long as it is held', () => {
  const held = regexOf('held by this test');
  expect(regexOf('held by this test')).toBe(held);
  const loose = regexOf('held by this test', { ignoreCase: true });
  expect(loose).not.toBe(held);
  expect([held, loose].map((regex) => regex.test('HELD by this test'))).toEqual([false, true]);
});

describe('testStart, expand and replace', () => {
  it('find a match at the start, without looking at the rest', () => {
    const regex = regexOf('/a(/|$)(.*)', { ignoreCase: true });
    expect(['/a', '/A/b', '/a/'].filter((path) => regex.testStart(path))).toHaveLength(3);
    expect(['/ab', 'x/a', ''].filter((path) => regex.testStart(path))).toEqual([]);
    expect(regexOf('/a').testStart('/ab')).toBe(true);
  });

  it('put groups where the template names them', () => {
    const regex = regexOf('/a(/|$)(.*)');
    expect(regex.expand('/a/b/c', '/$2')).toBe('/b/c');
    expect(regex.expand('/a', '/x$2/$9$0')).toBe('/x//a');
    expect(regex.expand('/a/$1', '/$2-$$-$x')).toBe('/$1-$$-$x');
    expect(regex.expand('/b/a/c', '/$2')).toBeUndefined();
    expect(regexOf('(a)|(b)').expand('b', '[$1$2]')).toBe('[b]');
  });

  it('replace the first match and leave the rest', () => {
    expect(regexOf('/v([0-9])').replace('/x/v1/v2', '/$1')).toBe('/x/1/v2');
    expect(regexOf('z').replace('/x', '$0')).toBe('/x');
    expect(regexOf('').replace('ab', '-')).toBe('-ab');
  });
});

describe('a problem', () => {
  it.each([
    ['(', 'missing closing ): `(`'],
    [String.raw`\1`, String.raw`invalid escape sequence: ` + '`\\1`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['(a{40}){40}', 'invalid repeat count: `{40}`'],
    ['(a{30}b{30}){20}', 'its repetitions make it too large (1242 steps, more than 1200)'],
  ])('%s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('is none with the longest texts that repeat nothing', () => {
    expect(problemOf('a'.repeat(1_025))).toBe('it has 1025 characters, more than 1024');
    expect(problemOf('a'.repeat(1_024))).toBeUndefined();
    expect(problemOf(`${'(a)'.repeat(341)}`)).toBeUndefined();
    expect(problemOf('ab|'.repeat(341))).toBeUndefined();
  });
});

const literal = fc.constantFrom('a', 'b', 'ab', '[ab]', '[^a]', '.', String.raw`\w`, '(?:)', '^', '^a', '$');
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    literal,
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{0,3}', '*?', '+?'))
      .map(([a, op]) => `(${a})${op}`),
  ),
}));

it('agrees with the regular expressions of JavaScript where both know the syntax', () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, value, (text, input) => {
      expect(regexOf(text).test(input)).toBe(new RegExp(`^(?:${text})$`, 'su').test(input));
    }),
    { numRuns: 2_000 },
  );
});

it('ends for every pattern and a long value, and says the same each time', () => {
  const value = fc.tuple(fc.constantFrom('a', 'ab', 'ba'), fc.constantFrom('', 'c', '!'));
  fc.assert(
    fc.property(pattern, value, (text, [unit, tail]) => {
      const regex = regexOf(text);
      const input = `${unit.repeat(2_000)}${tail}`;
      expect(regex.test(input)).toBe(regex.test(input));
      expect(regex.expand(input, '$0') !== undefined).toBe(regex.testStart(input));
    }),
    { numRuns: 200 },
  );
});

it('never throws, whatever the text and the value', () => {
  const token = fc.oneof(
    fc.constantFrom('(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^', '$', '\\', '(?', ':', '{2,3}'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const texts = fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(''));
  fc.assert(
    fc.property(texts, fc.string({ unit: 'binary' }), (text, value) => {
      const compiled = compileRegex(text);
      if ('problem' in compiled) expect(compiled.problem).not.toBe('');
      else if (compiled.test(value)) expect(compiled.testStart(value)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
