import { array, assert, nat, oneof, property, string, tuple, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { NacosError } from '../../nacos-error.ts';
import { decodePayload, encodePayload, type Payload } from './payload.ts';

const text = string({ unit: 'grapheme', maxLength: 200 });
const payloads = tuple(text, array(tuple(text, text), { maxLength: 5 }), text, uint8Array()).map(
  ([type, headers, clientIp, body]): Payload => ({
    ...{ type, headers: new Map(headers), clientIp },
    body: Buffer.from(body),
  }),
);

test('reads back whatever it writes', () => {
  assert(
    property(payloads, (payload) => {
      expect(decodePayload(encodePayload(payload))).toEqual(payload);
    }),
  );
});

test('reads any bytes, also those of a broken message, or says that they are malformed: it throws nothing else', () => {
  const broken = tuple(payloads, uint8Array({ minLength: 1, maxLength: 8 }), nat()).map(
    ([payload, garbage, where]) => {
      const bytes = encodePayload(payload);
      const from = where % bytes.length;
      return bytes.map((byte, at) => garbage[at - from] ?? byte);
    },
  );
  assert(
    property(oneof(uint8Array({ maxLength: 400 }), broken), (bytes) => {
      expect(outcomeOf(Buffer.from(bytes))).toMatch(/^(?:read|nacos_answer_malformed)$/);
    }),
    { numRuns: 2000 },
  );
});

test('reads a message cut short as a shorter one, or says that it is malformed', () => {
  assert(
    property(payloads, (payload) => {
      const bytes = encodePayload(payload);
      for (let length = 0; length < bytes.length; length++) {
        expect(outcomeOf(bytes.subarray(0, length))).toMatch(/^(?:read|nacos_answer_malformed)$/);
      }
    }),
    { numRuns: 30 },
  );
});

function outcomeOf(bytes: Buffer): string {
  try {
    decodePayload(bytes);
    return 'read';
  } catch (error) {
    return error instanceof NacosError ? error.code : `threw ${String(error)}`;
  }
}
