import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import type { CertificateFacts } from './rotation.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, each once; what cannot be read is left out, for somebody else may have written it. */
export function readBundle(pem: string | undefined): readonly X509Certificate[] {
  const found = new Map<string, X509Certificate>();
  for (const [block] of (pem ?? '').matchAll(BLOCK)) {
    const certificate = parse(block);
    if (certificate !== undefined) found.set(certificate.fingerprint256, certificate);
  }
  return [...found.values()];
}

export function writeBundle(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trim()}\n`).join('');
}

export function factsOf({ fingerprint256, validFromDate, validToDate }: X509Certificate): CertificateFacts {
  return { id: fingerprint256, notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

/** What may be there of a pair. */
export interface StatedPair {
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** A certificate (the first of its chain) with the key that belongs to it. Undefined: one is missing, unreadable, or not the other's. */
export function readPair(pair: StatedPair): (CertificatePair & { parsed: X509Certificate }) | undefined {
  const { cert, key } = pair;
  if (cert === undefined || key === undefined) return undefined;
  try {
    const parsed = new X509Certificate(cert);
    return parsed.checkPrivateKey(createPrivateKey(key)) ? { cert, key, parsed } : undefined;
  } catch {
    // Half written or damaged: as good as none; whoever reads it says so.
    return undefined;
  }
}

/** The one of `bundle` that has signed it. */
export function issuerIn(
  leaf: X509Certificate,
  bundle: readonly X509Certificate[],
): X509Certificate | undefined {
  return bundle.find((ca) => ca.ca && leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
}

export function hasNames(leaf: X509Certificate, names: readonly string[]): boolean {
  return names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined);
}

/** Whether a client that trusts `bundle` accepts the chain now. Intermediate CAs may come with the leaf, as cert-manager sends them. */
export function isTrusted(
  chain: readonly X509Certificate[],
  bundle: readonly X509Certificate[],
  nowMs: number,
): boolean {
  const [leaf, ...rest] = chain;
  if (leaf === undefined || !isCurrent(leaf, nowMs)) return false;
  const root = bundle.find((ca) => ca.fingerprint256 === leaf.fingerprint256) ?? issuerIn(leaf, bundle);
  if (root !== undefined && isCurrent(root, nowMs)) return true;
  const parent = issuerIn(leaf, rest);
  return parent !== undefined && isTrusted([parent, ...rest.filter((one) => one !== parent)], bundle, nowMs);
}

function isCurrent({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // Not a certificate at all.
    return undefined;
  }
}
