import { expect, test } from 'vitest';
import { decodePayload, encodePayload, MAX_PAYLOAD_BYTES } from './payload.ts';

const MALFORMED = expect.objectContaining({ code: 'nacos_answer_malformed' });

/** Made by protobuf-java 3.21 from the classes of nacos-api 2.2.4. */
const FROM_JAVA =
  '12281a124865616c7468436865636b526571756573743a080a03617070120178420831302e302e302e311a0412027b7d';

test('writes what the classes of the Java client write', () => {
  const payload = {
    type: 'HealthCheckRequest',
    headers: new Map([['app', 'x']]),
    clientIp: '10.0.0.1',
    body: Buffer.from('{}'),
  };
  expect(encodePayload(payload).toString('hex')).toBe(FROM_JAVA);
});

test('passes over fields that it does not know, of each wire type', () => {
  const known = encodePayload({ type: 'T', headers: new Map(), clientIp: '', body: Buffer.from('{}') });
  const unknown = Buffer.from([8, 0x96, 1, 0x21, ...Array(8).fill(1), 0x22, 2, 9, 9, 0x2d, 1, 2, 3, 4]);
  expect(decodePayload(Buffer.concat([unknown, known, unknown]))).toMatchObject({
    type: 'T',
    body: Buffer.from('{}'),
  });
});

test.each([
  ['a field that goes on after the end', [0x12, 0x7f, 1]],
  ['a number that is cut off', [0x12, 0x80]],
  ['a number without an end', Array(12).fill(0xff)],
  ['a group', [0x13, 0x14]],
  ['field number 0', [0x02, 0]],
  ['a type that is no UTF-8', [0x12, 0x04, 0x1a, 0x02, 0xc3, 0x28]],
])('refuses %s', (_, bytes) => {
  expect(() => decodePayload(Buffer.from(bytes))).toThrow(MALFORMED);
});

test('refuses a message above its bound unread', () => {
  expect(() => decodePayload(Buffer.alloc(MAX_PAYLOAD_BYTES + 1))).toThrow(MALFORMED);
});
