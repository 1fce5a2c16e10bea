import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProxyHeader } from './proxy-header.ts';

const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');
const SIGNATURE = '0d0a0d0a 000d0a51 5549540a';

describe('version 1', () => {
  test.each([
    // The specification's own examples (section 2.1).
    ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n', { address: '192.168.0.1', port: 56_324 }],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      { address: '255.255.255.255', port: 65_535 },
    ],
    [
      'PROXY TCP6 ffff:f:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n',
      { address: 'ffff:f:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
    ],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN ffff:f::1 ffff::2 65535 65535\r\n', undefined],
  ])('%j', (line, peer) => {
    const bytes = text(`${line}GET / HTTP/1.1\r\n`);
    expect(parseProxyHeader(bytes)).toEqual({ kind: 'header', length: line.length, peer });
  });

  test.each([
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n',
    'PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}`,
  ])('refuses %j', (line) => {
    expect(parseProxyHeader(text(line.padEnd(110, ' '))).kind).toBe('invalid');
  });
});

describe('version 2', () => {
  const V4 = '01020304 05060708 1f90 01bb';
  const V6 = '20010db8000000000000000000000001 20010db8000000000000000000000002 1f90 01bb';

  test.each([
    ['PROXY over IPv4', `${SIGNATURE} 21 11 000c ${V4}`, { address: '1.2.3.4', port: 8080 }],
    ['PROXY over IPv6', `${SIGNATURE} 21 21 0024 ${V6}`, { address: '2001:db8::1', port: 8080 }],
    [
      'a mapped address is the IPv4 one',
      `${SIGNATURE} 21 21 0024 00000000000000000000ffff01020304 20010db8000000000000000000000002 1f90 01bb`,
      { address: '1.2.3.4', port: 8080 },
    ],
    [
      'TLVs are ignored',
      `${SIGNATURE} 21 11 0013 ${V4} 04 0004 deadbeef`,
      { address: '1.2.3.4', port: 8080 },
    ],
    ['LOCAL is whoever is connected', `${SIGNATURE} 20 00 0000`, undefined],
    ['LOCAL with addresses', `${SIGNATURE} 20 11 000c ${V4}`, undefined],
    ['an unspecified family', `${SIGNATURE} 21 00 0004 04000100`, undefined],
    ['sockets of a file system', `${SIGNATURE} 21 31 00d8 ${'00'.repeat(216)}`, undefined],
  ])('%s', (_what, bytes, peer) => {
    const header = hex(bytes);
    const all = Buffer.concat([header, text('GET /')]);
    expect(parseProxyHeader(all)).toEqual({ kind: 'header', length: header.length, peer });
  });

  test.each([
    ['another version', `${SIGNATURE} 31 11 000c ${V4}`],
    ['another command', `${SIGNATURE} 22 11 000c ${V4}`],
    ['another family', `${SIGNATURE} 21 41 000c ${V4}`],
    ['another transport', `${SIGNATURE} 21 13 000c ${V4}`],
    ['datagrams', `${SIGNATURE} 21 12 000c ${V4}`],
    ['no room for its addresses', `${SIGNATURE} 21 21 000c ${V4}`],
    ['a broken signature', `0d0a0d0a 000d0a51 5549540b 21 11 000c ${V4}`],
  ])('refuses %s', (_what, bytes) => {
    expect(parseProxyHeader(hex(bytes)).kind).toBe('invalid');
  });
});

const octet = fc.integer({ min: 0, max: 255 });
const port = fc.integer({ min: 0, max: 65_535 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));

test('every address and port comes back as it was written', () => {
  fc.assert(
    fc.property(ipv4, port, (address, number) => {
      const line = text(`PROXY TCP4 ${address} 10.0.0.1 ${number} 80\r\n`);
      expect(parseProxyHeader(line)).toEqual({
        kind: 'header',
        length: line.length,
        peer: { address, port: number },
      });
    }),
  );
});

test('no bytes are too strange, and more of them change nothing that was said', () => {
  const start = fc.constantFrom(hex(SIGNATURE), text('PROXY '), Buffer.alloc(0));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), fc.nat(), (begin, more, cut) => {
      const all = Buffer.concat([begin, more]);
      const part = parseProxyHeader(all.subarray(0, cut % (all.length + 1)));
      const whole = parseProxyHeader(all);
      if (part.kind !== 'more') expect(whole).toEqual(part);
      if (whole.kind === 'header') expect(whole.length).toBeLessThanOrEqual(all.length);
    }),
    { numRuns: 2_000 },
  );
});
