import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDocument } from './decode-document.ts';
import { fieldsOf, listOf, requiredOr, type Cursor } from './decoder.ts';
import { textOf } from './scalar-decoders.ts';

const KEYS = ['entries', 'name', 'secret'];
const VALUE = 'ZmFpcnkgcGVuZ3VpbnM';

function decodeEntries(root: Cursor): readonly string[] | undefined {
  const fields = fieldsOf(root, { keys: ['entries'] });
  return listOf(fields?.get('entries'), (cursor) => {
    const entry = fieldsOf(cursor, { keys: ['name', 'secret'] });
    if (entry === undefined) return undefined;
    const rule = { expected: 'ten letters', accepts: (text: string) => /^[a-z]{10}$/.test(text) };
    return requiredOr({ cursor, fields: entry }, 'secret', (at) => textOf(at, rule), '');
  });
}

const decode = (text: string) => decodeDocument(text, { decode: decodeEntries, secret: { keys: KEYS } });

function problemsOf(text: string): readonly string[] {
  const decoded = decode(text);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

it('reads YAML and JSON alike', () => {
  expect(decode('entries: [{name: a, secret: abcdefghij}]')).toEqual({ value: ['abcdefghij'] });
  expect(decode('{"entries": [{"secret": "abcdefghij"}]}')).toEqual({ value: ['abcdefghij'] });
});

it('tells where a secret is wrong, and shows nothing of it, wherever it stands', () => {
  expect(problemsOf(`entries:\n- {secret: ${VALUE}}`)).toEqual([
    'entries[0].secret (2:12): expected ten letters, found "(hidden)"',
  ]);
  for (const text of [
    `entries: [${VALUE}]`,
    `entries: [{${VALUE}: 1}]`,
    `${VALUE}: {entries: []}`,
    `entries: [{secret: *${VALUE}}]`,
    `entries: [{secret: !${VALUE} x}]`,
    `entries: [{secret: "${VALUE}]`,
    `entries: ${VALUE}: x`,
    `{"entries": [{"secret": "${VALUE}"}]}`,
    `entries: [{secret: 1234567890}]`,
    `entries: [{secret: [${VALUE}]}]`,
    VALUE,
  ]) {
    const problems = problemsOf(text);
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).not.toContain(VALUE);
    expect(problems.join('\n')).not.toContain('1234567890');
  }
});

it('shows nothing of a secret and never throws, whatever a person has made of the file', () => {
  // What stands around a secret that landed somewhere: keys, marks of YAML, other text.
  const piece = fc.constantFrom(
    ...[
      'entries:',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      ', ',
      '\n',
      '\n  ',
      '"',
      "'",
      '*',
      '&',
      '!',
      '!!',
      '#',
      '|',
    ],
    ...[
      '>',
      '%',
      '@',
      '`',
      '---',
      '? ',
      '<<: ',
      'name: a',
      'secret: ',
      'entries: [{secret: ',
      '\t',
      '~',
      '\\',
    ],
  );
  const text = fc
    .tuple(fc.array(piece, { maxLength: 8 }), fc.array(piece, { maxLength: 8 }))
    .map(([before, after]) => `${before.join('')}${VALUE}${after.join('')}`);
  fc.assert(
    fc.property(text, (given) => {
      const decoded = decode(given);
      expect(JSON.stringify('problems' in decoded ? decoded.problems : [])).not.toContain(VALUE);
    }),
    { numRuns: 3_000 },
  );
});
