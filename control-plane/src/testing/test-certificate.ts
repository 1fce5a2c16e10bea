import type { CertificatePair, CertificateSource } from '@lanekeeper/runtime/certificate-files';

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
