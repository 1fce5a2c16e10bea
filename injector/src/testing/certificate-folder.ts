import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificatePair } from '../certificates/source.ts';

/** A folder with a certificate and its key, as a mounted Secret has them. */
export interface CertificateFolder {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Replaces both; the name goes into the certificate. */
  write(pair: CertificatePair): void;
  remove(): void;
}

export function createCertificateFolder(pair: CertificatePair): CertificateFolder {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-cert-'));
  const files = { certificateFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  const write = ({ cert, key }: CertificatePair): void => {
    writeFileSync(files.certificateFile, cert);
    writeFileSync(files.keyFile, key);
  };
  write(pair);
  return { ...files, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
