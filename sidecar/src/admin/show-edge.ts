import { X509Certificate } from 'node:crypto';
import type { EdgeCertificate, EdgeConfig } from '@lanekeeper/protocol/edge';

/** What `GET /config` shows of the edge: all of it but private keys. */
export interface ShownEdge {
  readonly listeners: EdgeConfig['listeners'];
  /** By id. */
  readonly certificates: Readonly<Record<string, ShownCertificate>>;
}

export interface ShownCertificate {
  /** Names that it is for, as the certificate has them: `DNS:www.example.com, DNS:*.example.com`. */
  readonly names: string;
  /** RFC 3339; null where it cannot be read. */
  readonly notAfter: string | null;
}

/** Certificates are as many as hosts, and the same from one look to the next. */
const shown = new WeakMap<EdgeCertificate, ShownCertificate>();

export function showEdge({ listeners, certificates }: EdgeConfig): ShownEdge {
  const entries = Object.entries(certificates).map(([id, certificate]) => [id, showCertificate(certificate)]);
  return { listeners, certificates: Object.fromEntries(entries) };
}

function showCertificate(pair: EdgeCertificate): ShownCertificate {
  const known = shown.get(pair);
  if (known !== undefined) return known;
  const fresh = readCertificate(pair.certificate);
  shown.set(pair, fresh);
  return fresh;
}

function readCertificate(pem: string): ShownCertificate {
  try {
    const { subjectAltName, subject, validToDate } = new X509Certificate(pem);
    return { names: subjectAltName ?? subject ?? '', notAfter: validToDate.toISOString() };
  } catch {
    // Who listens with it says what is wrong with it.
    return { names: '', notAfter: null };
  }
}
