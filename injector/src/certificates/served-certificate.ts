import type { X509Certificate } from 'node:crypto';
import type { CertificatePair, CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { Log } from '@lanekeeper/runtime/log';
import { KEYS, type StoredConfiguration, type StoredSecret } from './stored.ts';
import { isTrusted, readBundle, readPair } from './trust.ts';

export interface ServedCertificateOptions {
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** How long API servers may take to trust what was published. */
  readonly settleMs: number;
}

/** Told what is stored as it changes; serves what the API servers accept. */
export interface ServedCertificate extends CertificateSource {
  setSecret(secret: StoredSecret | undefined): void;
  setConfiguration(configuration: StoredConfiguration | undefined): void;
}

interface Candidate extends CertificatePair {
  readonly chain: readonly X509Certificate[];
}

/**
 * The webhook's certificate from its Secret. A new one is served only once every webhook of the configuration trusts it, and a
 * little later than that while the old one is still good: between a Secret and a configuration that somebody else changes together,
 * no API server ever meets a certificate that it does not know.
 */
export function createServedCertificate(options: ServedCertificateOptions): ServedCertificate {
  return new SecretSource(options);
}

class SecretSource implements ServedCertificate {
  readonly #options: ServedCertificateOptions;
  readonly #listeners: ((pair: CertificatePair) => void)[] = [];
  readonly #first = Promise.withResolvers<void>();
  #candidate: Candidate | undefined;
  #current: Candidate | undefined;
  /** For each webhook of the configuration what its API servers trust; undefined: there is no configuration. */
  #published: readonly (readonly X509Certificate[])[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ServedCertificateOptions) {
    this.#options = options;
    // Nobody may be waiting when it is closed.
    this.#first.promise.catch(() => undefined);
  }

  setSecret(secret: StoredSecret | undefined): void {
    const data = secret?.data ?? {};
    const cert = data[KEYS.cert];
    const pair = readPair({ cert, key: data[KEYS.key] });
    if (pair === undefined) {
      // An empty one is waited for; a damaged one is not taken. What is served stays.
      if (cert !== undefined)
        this.#options.log.warn({ expected: 'a certificate with its key' }, 'certificate_rejected');
      return;
    }
    if (pair.cert === this.#candidate?.cert && pair.key === this.#candidate.key) return;
    this.#candidate = { cert: pair.cert, key: pair.key, chain: readBundle(pair.cert) };
    this.#consider();
  }

  setConfiguration(configuration: StoredConfiguration | undefined): void {
    this.#published = configuration?.bundles.map(readBundle);
    this.#consider();
  }

  start(): Promise<void> {
    return this.#first.promise;
  }

  current(): CertificatePair {
    if (this.#current === undefined) throw new Error('there is no certificate yet');
    return { cert: this.#current.cert, key: this.#current.key };
  }

  onChange(listener: (pair: CertificatePair) => void): void {
    this.#listeners.push(listener);
  }

  problem(): string | undefined {
    if (this.#published === undefined) return 'the webhook configuration is not there';
    if (this.#published.length === 0) return 'the webhook configuration has no webhook';
    if (this.#candidate === undefined) return 'no certificate has been written into the Secret yet';
    if (this.#current === undefined) return 'the webhook configuration does not trust the certificate yet';
    if (this.notAfterSeconds() * 1000 <= this.#options.nowMs()) return 'the certificate has expired';
    return this.#isAccepted(this.#current)
      ? undefined
      : 'the webhook configuration does not trust the certificate (caBundle)';
  }

  notAfterSeconds(): number {
    return (this.#current?.chain[0]?.validToDate.getTime() ?? 0) / 1000;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#first.reject(new Error('closed before there was a certificate'));
  }

  #consider(): void {
    clearTimeout(this.#timer);
    const candidate = this.#candidate;
    if (candidate === undefined || candidate.cert === this.#current?.cert || !this.#isAccepted(candidate))
      return;
    const canWait = this.#current !== undefined && this.#isAccepted(this.#current);
    if (!canWait) return this.#serve(candidate);
    this.#timer = setTimeout(() => this.#serveIfAccepted(candidate), this.#options.settleMs);
    this.#timer.unref();
  }

  #serveIfAccepted(candidate: Candidate): void {
    if (this.#isAccepted(candidate)) this.#serve(candidate);
  }

  #serve(candidate: Candidate): void {
    this.#current = candidate;
    const notAfter = candidate.chain[0]?.validToDate.toISOString();
    this.#options.log.info({ notAfter }, 'certificate_loaded');
    this.#first.resolve();
    for (const listener of this.#listeners) listener(this.current());
  }

  #isAccepted({ chain }: Candidate): boolean {
    const published = this.#published ?? [];
    const nowMs = this.#options.nowMs();
    return published.length > 0 && published.every((bundle) => isTrusted(chain, bundle, nowMs));
  }
}
