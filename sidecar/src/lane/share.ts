import { murmur3 } from './murmur3.ts';

/** Hundredths of a percent in the whole. */
const STEPS = 10_000;
const HASHES = 2 ** 32;

/**
 * Whether a key is among the `percent` of all keys that `salt` chooses. The keys of a share are those of every smaller share with the
 * same salt and some more: raising it only adds, lowering only removes. Other salts choose other keys, as if by chance.
 */
export function shareTest(percent: number, salt: string): (key: string) => boolean {
  const seed = murmur3(salt, 0);
  const end = (Math.round(percent * 100) / STEPS) * HASHES;
  return (key) => murmur3(key, seed) < end;
}
