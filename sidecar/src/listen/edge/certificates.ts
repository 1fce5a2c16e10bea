import { createHash, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { EdgeCertificate, EdgeConfig } from '@lanekeeper/protocol/edge';

/** Who waits for the end of a handshake; one of the two is called, once. */
export interface Handshake {
  secured(socket: TLSSocket): void;
  failed(error: Error): void;
}

/** A certificate that handshakes can be made with. */
export interface ServedCertificate {
  /** Whether it is for `name`. */
  covers(name: string): boolean;
  /** Never listens; connections are handed to it. Its session tickets are its own, so that no session leaves it. */
  readonly server: Server;
}

/** Mozilla's "intermediate": forward secrecy and AEAD only, which HTTP/2 wants as well (RFC 9113 appendix A). */
const CIPHERS = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':');

interface Entry {
  readonly fingerprint: string;
  readonly served: ServedCertificate | undefined;
  readonly problem: string | undefined;
}

/** The certificates in force. One that has changed is another one: handshakes under way end with the one they began with. */
export class Certificates {
  readonly #handshakeTimeoutMs: number;
  /** By their connections' addresses: a server does not say which connection it was handed. */
  readonly #handshakes = new Map<string, Handshake>();
  #entries: ReadonlyMap<string, Entry> = new Map();

  constructor(options: { readonly handshakeTimeoutMs: number }) {
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs;
  }

  update(certificates: EdgeConfig['certificates']): void {
    const next = new Map<string, Entry>();
    for (const [id, certificate] of Object.entries(certificates)) {
      const fingerprint = fingerprintOf(certificate);
      const known = this.#entries.get(id);
      const isKnown = known?.fingerprint === fingerprint;
      next.set(id, isKnown ? known : { fingerprint, ...this.#load(certificate, fingerprint) });
    }
    this.#entries = next;
  }

  /** The first of `ids` that is for `name`; with no name the first that there is. */
  choose(ids: readonly string[], name: string | undefined): ServedCertificate | undefined {
    for (const id of ids) {
      const served = this.#entries.get(id)?.served;
      if (served !== undefined && (name === undefined || served.covers(name))) return served;
    }
    return undefined;
  }

  /** Why a certificate serves nothing; undefined: it does. */
  problemOf(id: string): string | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? 'there is no such certificate' : entry.problem;
  }

  /** Makes a handshake on a connection of which nothing has been taken. */
  begin({ server }: ServedCertificate, socket: Socket, handshake: Handshake): void {
    const key = addressesOf(socket);
    this.#handshakes.set(key, handshake);
    socket.once('close', () => {
      if (this.#handshakes.get(key) === handshake) this.#handshakes.delete(key);
    });
    server.emit('connection', socket);
  }

  #take(socket: TLSSocket): Handshake | undefined {
    const key = addressesOf(socket);
    const handshake = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    return handshake;
  }

  #load({ certificate, key }: EdgeCertificate, fingerprint: string): Omit<Entry, 'fingerprint'> {
    try {
      const leaf = new X509Certificate(certificate);
      const server = createServer({
        cert: certificate,
        key,
        ALPNProtocols: ['h2', 'http/1.1'],
        minVersion: 'TLSv1.2',
        ciphers: CIPHERS,
        sessionIdContext: fingerprint.slice(0, 32),
        handshakeTimeout: this.#handshakeTimeoutMs,
        allowHalfOpen: true,
      });
      server.on('secureConnection', (socket: TLSSocket) => this.#take(socket)?.secured(socket));
      server.on('tlsClientError', (error: Error, socket: TLSSocket) => this.#take(socket)?.failed(error));
      return { served: { server, covers: (name) => covers(leaf, name) }, problem: undefined };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return { served: undefined, problem: reason };
    }
  }
}

function addressesOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

function fingerprintOf({ certificate, key }: EdgeCertificate): string {
  return createHash('sha256').update(certificate).update('\0').update(key).digest('hex');
}

/**
 * A star stands for one label, also before a single one (`*.org`), where OpenSSL's own comparison ends; alone it is for every name.
 * Certificates of test beds have both.
 */
function covers(leaf: X509Certificate, name: string): boolean {
  if (leaf.checkHost(name) !== undefined) return true;
  const parent = name.slice(name.indexOf('.'));
  const patterns = [...(leaf.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^",]+)/g)].map(
    ([, found]) => found,
  );
  return patterns.some((pattern) => pattern === '*' || (name.includes('.') && pattern === `*${parent}`));
}
