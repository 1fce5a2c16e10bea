import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyScanner } from './body-scanner.ts';
import type { Framing } from './request-reader.ts';

interface Read {
  readonly state: BodyScanner['state'];
  /** What is to be sent on, the end of the body included. */
  readonly sent: string;
  /** What was not taken. */
  readonly rest: string;
}

/** Feeds the pieces one after the other, as a connection does: what was not taken comes again. */
function read(framing: Framing, length: number, pieces: readonly string[]): Read {
  const body = new BodyScanner(65_536);
  body.begin(framing, length);
  let rest: Buffer = Buffer.alloc(0);
  let sent = '';
  for (const piece of pieces) {
    rest = Buffer.concat([rest, Buffer.from(piece, 'latin1')]);
    const { state } = body;
    if (state !== 'more') continue;
    body.scan(rest, 0);
    sent += rest.toString('latin1', 0, body.sendTo);
    rest = rest.subarray(body.takenTo);
    if (body.state === 'done') sent += body.tail;
  }
  return { state: body.state, sent, rest: rest.toString('latin1') };
}

const NEXT = 'GET / HTTP/1.1\r\n\r\n';

describe('a chunked body', () => {
  it.each<[string, string, string]>([
    ['none', '0\r\n\r\n', '0\r\n\r\n'],
    [
      'two chunks',
      '5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n',
      '5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n',
    ],
    ['data that looks like its end', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '5\r\n0\r\n\r\n\r\n0\r\n\r\n'],
    ['extensions', '1;a=b;c="d"\r\nx\r\n0;e\r\n\r\n', '1;a=b;c="d"\r\nx\r\n0\r\n\r\n'],
    ['leading zeroes', '0001\r\nx\r\n000\r\n\r\n', '0001\r\nx\r\n0\r\n\r\n'],
    ['trailers', '1\r\nx\r\n0\r\nX-Sum:  1 \r\n\r\n', '1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n'],
    [
      'trailers that change the head',
      '0\r\nHost: evil\r\nbaggage: lane=x\r\nX-A: 1\r\n\r\n',
      '0\r\nX-A: 1\r\n\r\n',
    ],
  ])('with %s goes on as it came, to its end and no further', (_, bytes, sent) => {
    expect(read('chunked', 0, [bytes + NEXT])).toEqual({ state: 'done', sent, rest: NEXT });
    expect(read('chunked', 0, [...bytes.split(''), NEXT])).toEqual({ state: 'done', sent, rest: NEXT });
  });

  it.each<[string, string]>([
    ['a size that is no number', 'x\r\n'],
    ['a signed size', '+1\r\nx\r\n0\r\n\r\n'],
    ['a size with 0x', '0x1\r\nx\r\n0\r\n\r\n'],
    ['a space behind the size', '1 \r\nx\r\n0\r\n\r\n'],
    ['no size', '\r\nx\r\n0\r\n\r\n'],
    ['a size beyond exact numbers', '10000000000000\r\n'],
    ['bare LF behind the size', '1\nx\r\n0\r\n\r\n'],
    ['bare CR in an extension', '1;a\rb\r\nx\r\n0\r\n\r\n'],
    ['NUL in an extension', '1;a\0\r\nx\r\n0\r\n\r\n'],
    ['an endless extension', `1;${'a'.repeat(2_000)}`],
    ['data longer than its size', '1\r\nxy\r\n0\r\n\r\n'],
    ['bare LF behind the data', '1\r\nx\n0\r\n\r\n'],
    ['a trailer that is no field', '0\r\nX A: 1\r\n\r\n'],
    ['more trailers than anybody has', `0\r\n${'a:\r\n'.repeat(101)}\r\n`],
  ])('with %s is bad, and its end is never sent', (_, bytes) => {
    for (const pieces of [[bytes], bytes.split('')]) {
      const { state, sent } = read('chunked', 0, pieces);
      expect(state).toBe('bad');
      expect(sent).not.toMatch(/(?:^|\r\n)0\r\n/);
    }
  });

  it('is read alike however it is cut', () => {
    const chunk = fc
      .record({
        data: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 30 }),
        extension: fc.constantFrom('', ';a', ';a="b"'),
      })
      .map(({ data, extension }) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
    const trailers = fc.constantFrom('', 'X-A: 1\r\n', 'Host: x\r\n', 'broken\r\n');
    const bodies = fc
      .tuple(fc.array(chunk, { maxLength: 5 }), trailers, fc.constantFrom('', 'x', '\r'))
      .map(([chunks, after, noise]) => `${chunks.join('')}${noise}0\r\n${after}\r\n${NEXT}`);
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(200), { maxLength: 12 }), (bytes, cuts) => {
        const whole = read('chunked', 0, [bytes]);
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length)])].sort((a, b) => a - b);
        const cut = read(
          'chunked',
          0,
          places.map((from, at) => bytes.slice(from, places[at + 1])),
        );
        expect({ ...cut, rest: whole.state === 'bad' ? '' : cut.rest }).toEqual({
          ...whole,
          rest: whole.state === 'bad' ? '' : whole.rest,
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a body of known length', () => {
  it('ends there', () => {
    expect(read('length', 5, ['hel', `lo${NEXT}`])).toEqual({ state: 'done', sent: 'hello', rest: NEXT });
    expect(read('length', 0, [NEXT])).toEqual({ state: 'done', sent: '', rest: NEXT });
    expect(read('length', 9, ['hello'])).toEqual({ state: 'more', sent: 'hello', rest: '' });
  });
});

it('a body that ends with its connection takes all there is', () => {
  expect(read('close', 0, ['a', NEXT])).toEqual({ state: 'more', sent: `a${NEXT}`, rest: '' });
});
