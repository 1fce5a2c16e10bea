import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectProtocol } from './detect-protocol.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const CLIENT_HELLO = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('detectProtocol', () => {
  it.each([
    ['GET / HTTP/1.1\r\nhost: b\r\n\r\n', 'http1'],
    ['\r\nPOST /x HTTP/1.1\r\n', 'http1'],
    ['GET http://b/x HTTP/1.1\r\n', 'http1'],
    ['CONNECT b:443 HTTP/1.1\r\n', 'http1'],
    ['OPTIONS * HTTP/1.1\r\n', 'http1'],
    ['BREW /pot HTTP/1.1\r\n', 'http1'],
    [`${PREFACE}\0\0\0\x04\0\0\0\0\0`, 'http2'],
    [CLIENT_HELLO, 'tls'],
  ])('recognises %j as %s', (text, protocol) => {
    expect(detectProtocol(bytes(text))).toBe(protocol);
  });

  it.each([
    ['a bare LF', 'GET / HTTP/1.1\nhost: b\n\n'],
    ['a version that does not exist', 'GET / HTTP/9.9\r\n'],
    ['HTTP/0.9', 'GET /\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\n'],
    ['a tab', 'GET\t/ HTTP/1.1\r\n'],
    ['a leading space', ' GET / HTTP/1.1\r\n'],
    ['NUL after the method', 'GET\0/ HTTP/1.1\r\n'],
    ['a lower-case method', 'get / HTTP/1.1\r\n'],
    ['an endless target', `GET b${'a'.repeat(10_000)}`],
    ['a broken preface', 'PRI * HTTP/1.1\r\n'],
  ])('leaves HTTP that is broken by %s to the HTTP driver', (_, text) => {
    expect(detectProtocol(bytes(text))).toBe('http1');
  });

  it.each([
    ['PostgreSQL', '\0\0\0\x08\x04\xd2\x16\x2f'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['memcached', 'set /key 0 0 5\r\n'],
    ['NATS', 'CONNECT {"verbose":false}\r\n'],
    ['MongoDB', '\x3a\0\0\0\x01\0\0\0'],
    ['Kafka', '\0\0\0\x23\0\x12\0\x03'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['SMTP', 'EHLO client.example\r\n'],
    ['MQTT', '\x10\x10\0\x04MQTT'],
    ['RTSP', 'OPTIONS rtsp://camera/1 RTSP/1.0\r\n'],
    ['SIP', 'INVITE sip:bob@example.com SIP/2.0\r\n'],
    ['a TLS record that is no ClientHello', '\x16\x03\x01\x00\x10\x02'],
    ['a long word', 'A'.repeat(100)],
  ])('takes %s for opaque TCP', (_, text) => {
    expect(detectProtocol(bytes(text))).toBe('tcp');
  });

  it.each(['', 'GE', 'GET ', 'GET http://b/x HT', PREFACE.slice(0, 20), CLIENT_HELLO.slice(0, 5), '\r\n'])(
    'waits for more after %j',
    (text) => {
      expect(detectProtocol(bytes(text))).toBe('more');
    },
  );

  it('never takes an answer back when more bytes come', () => {
    const opening = fc.constantFrom(
      '',
      'GET ',
      'CONNECT ',
      'FOO ',
      'PRI * HTTP/2.0\r\n',
      '\x16\x03',
      '\r\n',
      PREFACE,
    );
    const stream = fc
      .tuple(
        opening,
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('', ' HTTP/1.1\r\n', ' RTSP/1.0\n', '\n'),
      )
      .map(([start, middle, end]) => Buffer.concat([bytes(start), middle, bytes(end)]));
    fc.assert(
      fc.property(stream, (all) => {
        const answers = Array.from({ length: all.length + 1 }, (_, length) =>
          detectProtocol(all.subarray(0, length)),
        );
        const decided = answers.findIndex((answer) => answer !== 'more');
        if (decided < 0) return;
        expect(new Set(answers.slice(decided))).toEqual(new Set([answers[decided]]));
      }),
      { numRuns: 5_000 },
    );
  });

  it('decides within the longest line it waits for, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (pattern) => {
        const repeated = Buffer.alloc(9_000, pattern);
        expect(detectProtocol(repeated)).not.toBe('more');
      }),
      { numRuns: 2_000 },
    );
  });
});
