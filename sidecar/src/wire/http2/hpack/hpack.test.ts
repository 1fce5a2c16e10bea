import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompressionError, HpackDecoder } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';

const OPTIONS = { maxTableSize: 4_096, maxListSize: 65_536, maxFields: 1_000 };

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

function encode(encoder: HpackEncoder, fields: readonly string[]): Buffer {
  const out = Buffer.alloc(HpackEncoder.bound(fields));
  return out.subarray(0, encoder.encode(fields, out, 0));
}

const REQUESTS = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  [
    ':method',
    'GET',
    ':scheme',
    'http',
    ':path',
    '/',
    ':authority',
    'www.example.com',
    'cache-control',
    'no-cache',
  ],
  [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
    ...['custom-key', 'custom-value'],
  ],
];

/** A table of 256 octets, so that fields are evicted. */
const RESPONSES = [
  [
    ...[':status', '302', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '307', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location', 'https://www.example.com', 'content-encoding', 'gzip'],
    ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('the examples of RFC 7541, appendix C', () => {
  it.each([
    [
      'C.3, without Huffman code',
      REQUESTS,
      4_096,
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4, with it',
      REQUESTS,
      4_096,
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
    [
      'C.5, responses',
      RESPONSES,
      256,
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474
       7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        '4803 3330 37c1 c0bf',
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a
       4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
      ],
    ],
    [
      'C.6, responses with Huffman code',
      RESPONSES,
      256,
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960
       d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
    ],
  ] as const)('%s', (_, lists, maxTableSize, blocks) => {
    const decoder = new HpackDecoder({ ...OPTIONS, maxTableSize });
    expect(blocks.map((block) => decoder.decode(hex(block)).fields)).toEqual(lists);
  });
});

describe('what is decoded', () => {
  const names = fc.constantFrom(
    ':path',
    ':status',
    'accept',
    'x-a',
    'authorization',
    'cookie',
    'grpc-timeout',
    'x-long',
  );
  const values = fc.oneof(
    fc.constantFrom('', '/', '200', 'gray', 'a'.repeat(300), 'b'.repeat(700)),
    fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    fc.array(fc.nat(255), { maxLength: 20 }).map((octets) => String.fromCharCode(...octets)),
  );
  const lists = fc.array(fc.tuple(names, values), { maxLength: 12 }).map((pairs) => pairs.flat());

  it('is what was encoded, block after block, also while tables change their size', () => {
    const step = fc.record({
      fields: lists,
      sizes: fc.array(fc.constantFrom(0, 64, 300, 4_096), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const encoder = new HpackEncoder(4_096);
        const decoder = new HpackDecoder(OPTIONS);
        for (const { fields, sizes } of steps) {
          for (const size of sizes) encoder.allow(size, 4_096);
          expect(decoder.decode(encode(encoder, fields)).fields).toEqual(fields);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('costs little where it was sent before', () => {
    const encoder = new HpackEncoder(4_096);
    const fields = [
      ':method',
      'POST',
      ':path',
      '/',
      ':authority',
      'b.test',
      'x-a',
      'some value',
      'te',
      'trailers',
    ];
    encode(encoder, fields);
    expect(encode(encoder, fields).length).toBe(fields.length / 2);
  });

  it('keeps secrets out of every table', () => {
    const encoder = new HpackEncoder(4_096);
    const decoder = new HpackDecoder(OPTIONS);
    const fields = ['authorization', 'Basic eDp5', 'x-pin', '1234'];
    const out = Buffer.alloc(200);
    const block = out.subarray(0, encoder.encode(fields, out, 0, new Set(['x-pin'])));
    expect([...(decoder.decode(block).sensitive ?? [])]).toEqual(['authorization', 'x-pin']);
    expect(encode(encoder, ['x-pin', '1234']).length).toBeGreaterThan(4);
  });

  it('is cut at its bound, and the table goes on', () => {
    const encoder = new HpackEncoder(4_096);
    const decoder = new HpackDecoder({ ...OPTIONS, maxListSize: 100 });
    const { fields, isTooLarge } = decoder.decode(encode(encoder, ['x-a', '1', 'x-b', '2', 'x-c', '3']));
    expect({ fields, isTooLarge }).toEqual({ fields: ['x-a', '1', 'x-b', '2'], isTooLarge: true });
    expect(decoder.decode(encode(encoder, ['x-c', '3'])).fields).toEqual(['x-c', '3']);
  });
});

describe('a block that cannot be read', () => {
  it.each([
    ['index 0', '80'],
    ['an index that nothing has', 'be'],
    ['a name by an index that nothing has', '7e 01 61'],
    ['an integer that does not end', 'ff ff ff ff ff ff ff ff ff'],
    ['an integer that is cut off', 'ff'],
    ['a string that is cut off', '40 05 61'],
    ['a field without a value', '40 01 61'],
    ['a table larger than was allowed', '3f e2 1f'],
    ['a change of the table behind a field', '82 20'],
    ['padding of eight bits', '40 82 1f ff 01 61'],
    ['padding of zeroes', '40 81 18 01 61'],
    ['the code for the end', '40 84 ff ff ff ff 01 61'],
  ])('with %s', (_, block) => {
    expect(() => new HpackDecoder(OPTIONS).decode(hex(block))).toThrow(CompressionError);
  });

  it('is told, whatever the octets, and costs no more than they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        const decoder = new HpackDecoder(OPTIONS);
        try {
          const { fields } = decoder.decode(Buffer.from(octets));
          expect(fields.length % 2).toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(CompressionError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

it('the Huffman code carries every octet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      const text = Buffer.from(octets).toString('latin1');
      const out = Buffer.alloc(huffmanLength(text));
      expect(encodeHuffman(text, out, 0)).toBe(out.length);
      const back = Buffer.alloc(200);
      const length = decodeHuffman(out, 0, out.length, back);
      expect(back.toString('latin1', 0, length)).toBe(text);
    }),
  );
});
