import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

export interface AddressIdentity {
  /** A name that nobody has (RFC 2606), for libraries that send one in any case. */
  readonly serverName: string;
  /** Undefined: the certificate is for the address. */
  readonly check: (name: string, certificate: PeerCertificate) => Error | undefined;
}

/**
 * For a TLS server that is known by an IP address: RFC 6066 section 3 permits none as the server's name, and Node 26 refuses it, but
 * the certificate must be for it all the same. Undefined for a host name, which is its own identity.
 */
export function addressIdentity(host: string): AddressIdentity | undefined {
  if (isIP(host) === 0) return undefined;
  return {
    serverName: 'address.invalid',
    check: (_name, certificate) => checkServerIdentity(host, certificate),
  };
}
