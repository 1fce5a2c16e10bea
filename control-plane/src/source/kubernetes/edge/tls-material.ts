import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { EdgeCertificate } from '@lanekeeper/protocol/edge';

export type TlsMaterial =
  | { readonly kind: 'valid'; readonly certificate: EdgeCertificate }
  /** `problem` completes the sentence "the Secret cannot be used: …". */
  | { readonly kind: 'invalid'; readonly problem: string };

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Whether a server could show the certificate; both as PEM, the result without whatever else stands there. One that has run out is
 * shown all the same: clients say so best.
 */
export function checkTlsMaterial(certificate: string, key: string): TlsMaterial {
  const chain = certificate.match(CERTIFICATES) ?? [];
  const [leaf, ...others] = chain.map((pem) => attempt(() => new X509Certificate(pem)));
  if (leaf === undefined || others.includes(undefined))
    return invalid('tls.crt has no certificate in PEM, or one that is none');
  const secret = attempt(() => createPrivateKey(key));
  if (secret === undefined) return invalid('tls.key is no unencrypted private key in PEM');
  if (!belongsTo(leaf, secret)) return invalid('tls.key is not the key of the first certificate in tls.crt');
  const checked = {
    certificate: `${chain.join('\n')}\n`,
    key: secret.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  if (attempt(() => createSecureContext({ cert: checked.certificate, key: checked.key })) === undefined)
    return invalid('TLS takes no such key or certificate, it may be too weak');
  return { kind: 'valid', certificate: checked };
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
