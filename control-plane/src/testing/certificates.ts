import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificatePair, CertificateSource } from '@lanekeeper/runtime/certificate-files';

/** A self-signed certificate for localhost, by openssl. */
export function makePair(commonName: string): CertificatePair {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-cert-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const names = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true, force: true });
  return pair;
}

/** A certificate that a test swaps. */
export class TestCertificate implements CertificateSource {
  readonly #listeners: ((pair: CertificatePair) => void)[] = [];
  #pair: CertificatePair;

  constructor(pair: CertificatePair) {
    this.#pair = pair;
  }

  swap(pair: CertificatePair): void {
    this.#pair = pair;
    for (const listener of this.#listeners) listener(pair);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  current(): CertificatePair {
    return this.#pair;
  }

  onChange(listener: (pair: CertificatePair) => void): void {
    this.#listeners.push(listener);
  }

  problem(): undefined {
    return undefined;
  }

  notAfterSeconds(): number {
    return 0;
  }

  close(): void {
    // It holds nothing.
  }
}
