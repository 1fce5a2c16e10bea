import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Log } from '@lanekeeper/runtime/log';
import type { CertificateFiles } from '../config.ts';
import type { CertificatePair, CertificateSource } from './source.ts';

export interface FileSourceOptions {
  readonly files: CertificateFiles;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/**
 * Reads a certificate and its key from files and looks again every `pollMs`: the kubelet swaps a mounted Secret by symbolic links,
 * which file watches are easily blind to. A pair that is half written or does not match is not taken; the last good one stays.
 */
export function createFileSource(options: FileSourceOptions): CertificateSource {
  return new FileSource(options);
}

class FileSource implements CertificateSource {
  readonly #options: FileSourceOptions;
  readonly #listeners: ((pair: CertificatePair) => void)[] = [];
  #current: CertificatePair | undefined;
  #notAfterMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#load();
    this.#schedule();
  }

  current(): CertificatePair {
    if (this.#current === undefined) throw new Error('the certificate source has not started');
    return this.#current;
  }

  onChange(listener: (pair: CertificatePair) => void): void {
    this.#listeners.push(listener);
  }

  problem(): string | undefined {
    if (this.#current === undefined) return 'no certificate';
    return this.#options.nowMs() < this.#notAfterMs ? undefined : 'the certificate has expired';
  }

  notAfterSeconds(): number {
    return this.#notAfterMs / 1000;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Resolves to a pair that was not there before. */
  async #load(): Promise<CertificatePair | undefined> {
    const pair = await readPair(this.#options.files);
    if (this.#current?.cert === pair.cert && this.#current.key === pair.key) return undefined;
    const { validToDate } = checkPair(pair);
    this.#current = pair;
    this.#notAfterMs = validToDate.getTime();
    this.#options.log.info({ notAfter: validToDate.toISOString() }, 'certificate_loaded');
    return pair;
  }

  async #look(): Promise<void> {
    try {
      const pair = await this.#load();
      if (pair !== undefined) for (const listener of this.#listeners) listener(pair);
    } catch (error) {
      const { log, files } = this.#options;
      log.warn({ err: error, file: files.certificateFile }, 'certificate_rejected');
    }
    // After each look, not every so often: a slow disk piles nothing up.
    if (!this.#isClosed) this.#schedule();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#options.files.pollMs);
    this.#timer.unref();
  }
}

async function readPair({ certificateFile, keyFile }: CertificateFiles): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key };
}

/** Throws what OpenSSL says when either is malformed or they do not belong together. */
function checkPair(pair: CertificatePair): X509Certificate {
  createSecureContext(pair);
  return new X509Certificate(pair.cert);
}
