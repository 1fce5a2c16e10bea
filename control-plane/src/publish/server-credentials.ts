import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { CertificatePair, CertificateSource } from '@lanekeeper/runtime/certificate-files';

/** Serves the source's current certificate; a new one is for new connections, open streams go on. */
export function createTlsCredentials(source: CertificateSource): ServerCredentials {
  return experimental.createCertificateProviderServerCredentials(
    new SourceProvider(source),
    // Sidecars show a token, no certificate.
    null,
    false,
  );
}

class SourceProvider implements experimental.CertificateProvider {
  readonly #source: CertificateSource;
  readonly #listeners = new Set<experimental.IdentityCertificateUpdateListener>();

  constructor(source: CertificateSource) {
    this.#source = source;
    source.onChange((pair) => {
      for (const listener of this.#listeners) listener(asUpdate(pair));
    });
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#listeners.add(listener);
    // Not at once: grpc-js listens here before the server itself listens to grpc-js.
    process.nextTick(() => listener(asUpdate(this.#source.current())));
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#listeners.delete(listener);
  }

  addCaCertificateListener(): void {
    // No client certificates, no authority of theirs.
  }

  removeCaCertificateListener(): void {
    // Nothing was added.
  }
}

function asUpdate({ cert, key }: CertificatePair): experimental.IdentityCertificateUpdate {
  return { certificate: Buffer.from(cert), privateKey: Buffer.from(key) };
}
