import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeCertificate } from '@lanekeeper/protocol/edge';

/** A self-signed certificate for `names`, made by OpenSSL. */
export function testCertificate(...names: readonly string[]): EdgeCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-certificate-'));
  try {
    const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    const names509 = names.map((name) => `DNS:${name}`).join(',');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${names[0] ?? ''}`, '-addext', `subjectAltName=${names509}`],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'pipe' },
    );
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
