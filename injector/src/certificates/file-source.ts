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
export function createFileSource({ files, log, nowMs }: FileSourceOptions): CertificateSource {
  const listeners: ((pair: CertificatePair) => void)[] = [];
  let current: CertificatePair | undefined;
  let notAfterMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function load(): Promise<boolean> {
    const pair = await readPair(files);
    if (current?.cert === pair.cert && current.key === pair.key) return false;
    const certificate = checkPair(pair);
    current = pair;
    notAfterMs = certificate.validToDate.getTime();
    log.info({ notAfter: certificate.validToDate.toISOString() }, 'certificate_loaded');
    return true;
  }

  async function look(): Promise<void> {
    try {
      if ((await load()) && current !== undefined) for (const listener of listeners) listener(current);
    } catch (error) {
      log.warn({ err: error, file: files.certificateFile }, 'certificate_rejected');
    }
    // After each look, not every so often: a slow disk piles nothing up.
    if (!isClosed) schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => void look(), files.pollMs);
    timer.unref();
  }

  return {
    async start() {
      await load();
      schedule();
    },
    current() {
      if (current === undefined) throw new Error('the certificate source has not started');
      return current;
    },
    onChange: (listener) => listeners.push(listener),
    problem() {
      if (current === undefined) return 'no certificate';
      return nowMs() < notAfterMs ? undefined : 'the certificate has expired';
    },
    notAfterSeconds: () => notAfterMs / 1000,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
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
