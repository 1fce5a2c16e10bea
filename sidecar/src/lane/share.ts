import { murmur3 } from './murmur3.ts';

/** Hundredths of a percent in the whole. */
const STEPS = 10_000;
const HASHES = 2 ** 32;

/** 32 bits, unsigned, of a key. */
export type KeyHash = (key: string) => number;

/** Other salts hash keys otherwise, as if by chance. All rules of a lane ask for one key of a request, so that of the last is kept. */
export function saltedHash(salt: string): KeyHash {
  const seed = murmur3(salt, 0);
  let lastKey: string | undefined;
  let lastHash = 0;
  return (key) => {
    if (key !== lastKey) {
      lastHash = murmur3(key, seed);
      lastKey = key;
    }
    return lastHash;
  };
}

/** For what belongs to no lane. */
export const UNSALTED = saltedHash('');

/**
 * Whether a key is among the `percent` of all keys that `hash` chooses. The keys of a share are those of every smaller share with the
 * same hash and some more: raising it only adds, lowering only removes.
 */
export function shareTest(percent: number, hash: KeyHash): (key: string) => boolean {
  const end = (Math.round(percent * 100) / STEPS) * HASHES;
  return (key) => hash(key) < end;
}
