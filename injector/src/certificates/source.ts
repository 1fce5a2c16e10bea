/** PEM, as node:tls takes it. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Where the webhook's certificate comes from: files now; self-signed with rotation and a Secret are further implementations. */
export interface CertificateSource {
  /** Resolves when there is a usable certificate; rejects when there is none. */
  start(): Promise<void>;
  /** The last good one. Throws before `start` has resolved. */
  current(): CertificatePair;
  /** Called with each new good one after the first. */
  onChange(listener: (pair: CertificatePair) => void): void;
  /** Why clients would not accept the current one; undefined: they do. */
  problem(): string | undefined;
  /** When the current one ends, in seconds since 1970; 0 before there is one. */
  notAfterSeconds(): number;
  close(): void;
}
