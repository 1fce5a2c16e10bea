import type { NetworkTest } from '@lanekeeper/runtime/networks';
import type { HeaderReader } from '../../wire/head.ts';

/** Who sent a request. */
export interface Client {
  /** The last address on the way here that is no trusted proxy's. */
  readonly address: string;
  /** The connection's other end. */
  readonly peer: string;
  /** The connection's other end is a trusted proxy: what it says of where the request comes from is believed. */
  readonly isForwarded: boolean;
}

const MAPPED = '::ffff:';
/** `203.0.113.7:1234`, `[2001:db8::1]:1234`, `[2001:db8::1]`: some proxies write the port, too. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/i;

/**
 * `x-forwarded-for` is read from the right for as long as the address before it is a trusted proxy's. Where all are, the first is
 * the client; what is no address ends the list, for nobody can say who wrote what stands before it.
 */
export function findClient(peer: string, headers: HeaderReader, isTrusted: NetworkTest): Client {
  const nearest = unmapped(peer);
  if (!isTrusted(nearest)) return { address: nearest, peer: nearest, isForwarded: false };
  let address = nearest;
  const hops = headers.get('x-forwarded-for')?.split(',') ?? [];
  for (let at = hops.length - 1; at >= 0 && isTrusted(address); at -= 1) {
    const hop = plainAddress(hops[at]?.trim() ?? '');
    if (!/^[0-9a-f:.]+$/i.test(hop)) break;
    address = hop;
  }
  return { address, peer: nearest, isForwarded: true };
}

function plainAddress(text: string): string {
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  return unmapped(bracketed ?? dotted ?? text);
}

/** A dual-stack socket tells IPv4 peers in mapped form. */
function unmapped(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address;
}
