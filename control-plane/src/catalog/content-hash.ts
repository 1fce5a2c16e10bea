import { hash } from 'node:crypto';

/** 128 bits of SHA-256 over a JSON text; the same content has the same hash in every replica and after every restart. */
export function contentHash(json: string): string {
  return hash('sha256', json, 'base64url').slice(0, 22);
}
