import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { Log } from './log.ts';

/** PEM, as node:tls takes it. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Where a server's certificate comes from. */
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

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly pollMs: number;
}

export interface FileSourceOptions {
  readonly files: CertificateFiles;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** What `start` does where no usable pair is there yet: `reject` (default), or `wait` for whoever writes the files. */
  readonly whenMissing?: 'reject' | 'wait';
}

/** Files that somebody is about to write are looked for at least so often. */
const MAX_WAIT_MS = 1_000;

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
  readonly #closed = new AbortController();
  #current: CertificatePair | undefined;
  #notAfterMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#options.whenMissing === 'wait') await this.#waitForFirst();
    else await this.#load();
    if (!this.#closed.signal.aborted) this.#schedule();
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
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  /** Rejects when the source is closed meanwhile. */
  async #waitForFirst(): Promise<void> {
    const { files, log } = this.#options;
    let said: string | undefined;
    while (this.#current === undefined) {
      try {
        await this.#load();
      } catch (error) {
        const reason = String(error);
        if (reason !== said) log.warn({ err: error, file: files.certificateFile }, 'certificate_awaited');
        said = reason;
        const pause = Math.min(files.pollMs, MAX_WAIT_MS);
        await sleep(pause, undefined, { signal: this.#closed.signal });
      }
    }
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
    if (!this.#closed.signal.aborted) this.#schedule();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#options.files.pollMs);
    this.#timer.unref();
  }
}

async function readPair({ certificateFile, keyFile }: CertificateFiles): Promise<CertificatePair> {
  // One after the other: of two missing files the same one is named each time.
  const cert = await readFile(certificateFile, 'utf8');
  return { cert, key: await readFile(keyFile, 'utf8') };
}

/** Throws what OpenSSL says when either is malformed or they do not belong together. */
function checkPair(pair: CertificatePair): X509Certificate {
  createSecureContext(pair);
  return new X509Certificate(pair.cert);
}
