import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFileSource, type CertificateSource } from './certificate-files.ts';
import type { Log } from './log.ts';

let folder: string;
let source: CertificateSource | undefined;
let events: string[];
/** How often the certificate's file was asked for. */
let looks: number;

const record = (_: object, event: string): void => void events.push(event);
const log: Log = { debug: record, info: record, warn: record, error: record };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-cert-'));
  events = [];
  looks = 0;
});

afterEach(() => {
  source?.close();
  rmSync(folder, { recursive: true, force: true });
});

function create(whenMissing?: 'wait'): CertificateSource {
  const files = {
    get certificateFile() {
      looks += 1;
      return join(folder, 'tls.crt');
    },
    keyFile: join(folder, 'tls.key'),
    pollMs: 10,
  };
  source = createFileSource({
    files,
    log,
    nowMs: Date.now,
    ...(whenMissing === undefined ? {} : { whenMissing }),
  });
  return source;
}

/** A new pair, each file in place at once. */
function writePair(): void {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'];
  const [cert, key] = [join(folder, 'new.crt'), join(folder, 'new.key')];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  renameSync(key, join(folder, 'tls.key'));
  renameSync(cert, join(folder, 'tls.crt'));
}

it('is an error without files, unless somebody is about to write them', async () => {
  await expect(create().start()).rejects.toThrow(/ENOENT/);
});

it('waits for the files that somebody is about to write, and says so once', async () => {
  const waiting = create('wait');
  const started = waiting.start();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(10));
  expect(events).toEqual(['certificate_awaited']);
  expect(waiting.problem()).toBe('no certificate');
  writePair();
  await started;
  expect(waiting.problem()).toBeUndefined();
  expect(waiting.current().cert).toContain('BEGIN CERTIFICATE');
});

it('gives up waiting when it is closed', async () => {
  const waiting = create('wait');
  const started = waiting.start();
  waiting.close();
  await expect(started).rejects.toThrow(/aborted/);
});

it('tells of a new pair, and keeps the last good one while there is none', async () => {
  writePair();
  const watched = create();
  await watched.start();
  const first = watched.current();
  const told = vi.fn<(pair: object) => void>();
  watched.onChange(told);
  writeFileSync(join(folder, 'tls.crt'), 'half a certif');
  await vi.waitFor(() => expect(events).toContain('certificate_rejected'));
  expect(watched.current()).toBe(first);
  writePair();
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
  expect(watched.current().cert).not.toBe(first.cert);
});
