import { expect, it } from 'vitest';
import { murmur3 } from './murmur3.ts';

const SEED = 0x9747b28c;

/** As published for MurmurHash3_x86_32 (its reference implementation, and the collection of Ian Boyd). */
it.each<[text: string, seed: number, hash: number]>([
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['\0', 0, 0x514e28b7],
  ['\0\0', 0, 0x30f4c306],
  ['\0\0\0', 0, 0x85f0b427],
  ['\0\0\0\0', 0, 0x2362f9de],
  ['a', SEED, 0x7fa09ea6],
  ['aa', SEED, 0x5d211726],
  ['aaa', SEED, 0x283e0130],
  ['aaaa', SEED, 0x5a97808a],
  ['ab', SEED, 0x74875592],
  ['abc', SEED, 0xc84a62dd],
  ['abcd', SEED, 0xf0478627],
  ['abc', 0, 0xb3dd93fa],
  ['Hello, world!', SEED, 0x24884cba],
  ['ππππππππ', SEED, 0xd58063c1],
  ['a'.repeat(256), SEED, 0x37405bdc],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', 0, 0xee925b90],
  ['The quick brown fox jumps over the lazy dog', SEED, 0x2fa826cd],
])('hashes %j with seed %i as published', (text, seed, hash) => {
  expect(murmur3(text, seed)).toBe(hash);
});
