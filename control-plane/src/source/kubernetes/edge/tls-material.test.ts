import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkTlsMaterial } from './tls-material.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-material-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function make(
  name: string,
  newKey: readonly string[],
): { readonly certificate: string; readonly key: string } {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const files = ['-keyout', key, '-out', certificate];
  const args = ['req', '-x509', '-nodes', '-subj', '/CN=shop.example', '-days', '1', ...newKey, ...files];
  execFileSync('openssl', args, { stdio: 'pipe' });
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const GARBAGE = 'Hello world\n';

describe('what a Secret of TLS holds', () => {
  it('is valid where key and certificate belong together, and goes on without what is beside them', () => {
    const { certificate, key } = make('ec', EC);
    const material = checkTlsMaterial(`Bag Attributes\n  localKeyID: 01\n${certificate}`, key);
    expect(material).toMatchObject({ kind: 'valid', certificate: { certificate } });
  });

  it('is valid with a key as older programs write it', () => {
    const { certificate, key } = make('traditional', ['-newkey', 'rsa:2048']);
    const old = execFileSync('openssl', ['rsa', '-traditional'], { input: key, stdio: 'pipe' }).toString();
    expect(old).toContain('BEGIN RSA PRIVATE KEY');
    expect(checkTlsMaterial(certificate, old)).toMatchObject({
      certificate: { key: expect.stringContaining('BEGIN PRIVATE KEY') as string },
    });
  });

  it.each([
    ['no certificate', GARBAGE, undefined, 'tls.crt has no certificate'],
    ['no key', undefined, GARBAGE, 'tls.key is no unencrypted private key'],
    ['nothing', '', '', 'tls.crt has no certificate'],
  ])('is invalid with %s', (_, certificate, key, problem) => {
    const good = make('good', EC);
    const material = checkTlsMaterial(certificate ?? good.certificate, key ?? good.key);
    expect(material).toMatchObject({ kind: 'invalid', problem: expect.stringContaining(problem) as string });
  });

  it('is invalid with the key of another certificate', () => {
    const [one, other] = [make('one', EC), make('other', EC)];
    expect(checkTlsMaterial(one.certificate, other.key)).toEqual({
      kind: 'invalid',
      problem: 'tls.key is not the key of the first certificate in tls.crt',
    });
  });

  it('is invalid with a certificate in its chain that is none', () => {
    const { certificate, key } = make('chain', EC);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(checkTlsMaterial(certificate + broken, key).kind).toBe('invalid');
  });
});
