import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { EdgeCertificate } from '@lanekeeper/protocol/edge';

export type TlsMaterial =
  | { readonly kind: 'valid'; readonly certificate: EdgeCertificate }
  /** `problem` completes the sentence "the Secret cannot be used: …". */
  | { readonly kind: 'invalid'; readonly problem: string };

/** Whether a server could show the certificate; both as PEM. One that has run out is shown all the same: clients say so best. */
export function checkTlsMaterial(certificate: string, key: string): TlsMaterial {
  const leaf = attempt(() => new X509Certificate(certificate));
  if (leaf === undefined) return invalid('tls.crt is no certificate in PEM');
  const secret = attempt(() => createPrivateKey(key));
  if (secret === undefined) return invalid('tls.key is no unencrypted private key in PEM');
  if (!belongsTo(leaf, secret)) return invalid('tls.key is not the key of the first certificate in tls.crt');
  return { kind: 'valid', certificate: { certificate, key } };
}

function belongsTo(leaf: X509Certificate, key: KeyObject): boolean {
  return attempt(() => leaf.checkPrivateKey(key)) ?? false;
}

function invalid(problem: string): TlsMaterial {
  return { kind: 'invalid', problem };
}

/** What is wrong in particular says OpenSSL in words that help nobody. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
