import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** A self-signed certificate for localhost, by openssl. */
export function makePair(commonName: string, days = 30): CertificatePair {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-cert-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days)];
  const args = [
    'req',
    '-x509',
    ...kind,
    '-subj',
    `/CN=${commonName}`,
    '-addext',
    names,
    '-keyout',
    key,
    '-out',
    cert,
  ];
  execFileSync('openssl', args, { stdio: 'ignore' });
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true, force: true });
  return pair;
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
