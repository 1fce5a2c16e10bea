// @peculiar/x509 does not load without it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import { backdateMs } from './rotation.ts';

export interface Validity {
  /** From now. */
  readonly lifeMs: number;
  readonly nowMs: number;
}

export interface LeafRequest extends Validity {
  /** DNS names and IP addresses; the first becomes the subject. */
  readonly names: readonly string[];
}

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERVER_AUTHENTICATION = x509.ExtendedKeyUsage.serverAuth;

/** A self-signed CA. Each has a name of its own, so that of two CAs in a bundle the right one is found by name. */
export async function makeCa({ lifeMs, nowMs }: Validity): Promise<CertificatePair> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const serialNumber = makeSerial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: [`Lanekeeper CA ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(nowMs - backdateMs(lifeMs)),
    notAfter: new Date(nowMs + lifeMs),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** A server's certificate, signed by `ca`; it does not outlive it. Rejects when the CA's key cannot be read. */
export async function issueLeaf(ca: CertificatePair, request: LeafRequest): Promise<CertificatePair> {
  const { names, lifeMs, nowMs } = request;
  const issuer = new x509.X509Certificate(ca.cert);
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: makeSerial(),
    subject: [{ CN: [(names[0] ?? '').slice(0, MAX_COMMON_NAME)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(Math.max(nowMs - backdateMs(lifeMs), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(nowMs + lifeMs, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: await importKey(ca.key),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: toPem(certificate), key: await exportKey(keys.privateKey) };
}

/** X.520: `ub-common-name`. */
const MAX_COMMON_NAME = 64;

/** Positive and unpredictable: 126 random bits (CA/Browser Forum asks for 64). */
function makeSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function toPem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY').trim()}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), KEY, false, ['sign']);
}
