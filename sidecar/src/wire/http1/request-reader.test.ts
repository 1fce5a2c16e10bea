import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestReader } from './request-reader.ts';

function readerOf(text: string): { readonly reader: RequestReader; readonly reading: string } {
  const reader = new RequestReader();
  return { reader, reading: reader.read(Buffer.from(text, 'latin1')) };
}

const PLAIN = 'GET /a?b HTTP/1.1\r\nHost: B.test:80\r\n\r\n';

describe('a plain head', () => {
  it('is read into what decides its way', () => {
    const { reader, reading } = readerOf(`${PLAIN}next`);
    expect(reading).toBe('plain');
    expect(reader.head()).toMatchObject({
      protocol: 'http/1.1',
      method: 'GET',
      authority: 'b.test:80',
      path: '/a?b',
    });
    expect(reader).toMatchObject({ end: PLAIN.length, framing: 'none', isKeptAlive: true });
  });

  it.each([
    ['Content-Length: 12', { framing: 'length', length: 12 }],
    ['Transfer-Encoding: Chunked', { framing: 'chunked' }],
    ['Connection: close', { isKeptAlive: false }],
    ['Connection: Keep-Alive', { isKeptAlive: true, dropped: [1] }],
    ['Keep-Alive: timeout=5', { dropped: [1] }],
    ['Proxy-Connection: x', { dropped: [1] }],
  ])('may have %s', (line, expected) => {
    const { reader, reading } = readerOf(`POST / HTTP/1.1\r\nHost: b\r\n${line}\r\n\r\n`);
    expect(reading).toBe('plain');
    expect(reader).toMatchObject(expected);
  });

  it('gives fields by name in any case, without blanks, repeated ones joined', () => {
    const { reader } = readerOf(
      'GET / HTTP/1.1\r\nhost:b\r\nX-A: \t 1 2 \t\r\nx-a:3\r\nX-Empty:\r\nCookie: a=1\r\ncookie: b=2\r\nX~^: t\r\n\r\n',
    );
    const { fields } = reader;
    expect(
      ['host', 'x-a', 'x-empty', 'cookie', 'x-b', 'x~^', 'x~~', 'x^^'].map((name) => fields.get(name)),
    ).toEqual(['b', '1 2, 3', '', 'a=1; b=2', undefined, 't', undefined, undefined]);
  });

  it('is waited for at every byte, and is the same then', () => {
    const text = 'POST /x HTTP/1.1\r\nHost: b\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n';
    // A method that is not whole could be another one.
    for (let length = 'POST '.length; length < text.length; length += 1) {
      expect(readerOf(text.slice(0, length)).reading, text.slice(0, length)).toBe('more');
    }
  });
});

describe('what is not plain is for the slow driver', () => {
  it.each([
    'get / HTTP/1.1\r\nHost: b\r\n\r\n',
    'BREW / HTTP/1.1\r\nHost: b\r\n\r\n',
    'CONNECT b:1 HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET http://b/ HTTP/1.1\r\nHost: b\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET /a#b HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET /\xe9 HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET  / HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.1\nHost: b\n\n',
    '\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n',
    ...[
      'Content-Length: +1',
      'Content-Length:',
      'Content-Length: 1\r\nContent-Length: 1',
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      'Content-Length: 9999999999999999',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
      'Connection: X-A',
      'Connection: keep-alive, upgrade',
      'Upgrade: websocket',
      'Expect: 100-continue',
      'TE: trailers',
      'Trailer: x',
      'HTTP2-Settings: x',
      'X-A : 1',
      'X-A: 1\r\n folded',
      'X-A: \0',
      'X-A: a\rb',
      ': 1',
    ].map((line) => `POST / HTTP/1.1\r\nHost: b\r\n${line}\r\n\r\n`),
  ])('%j', (text) => {
    expect(readerOf(text).reading).toBe('other');
  });
});

it('takes any bytes whatever, and never reads past what it was given', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'GET ',
      '/',
      ' HTTP/1.1',
      '\r\n',
      'Host: b',
      ': ',
      'Content-Length: 1',
      'Connection: close',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      const { reader, reading } = readerOf(text);
      if (reading !== 'plain') return;
      expect(reader.end).toBeLessThanOrEqual(Buffer.from(text, 'latin1').length);
      expect(text.slice(0, reader.end)).toMatch(/\r\n\r\n$/);
    }),
    { numRuns: 5_000 },
  );
});
