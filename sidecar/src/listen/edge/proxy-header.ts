import { isIPv4, isIPv6 } from 'node:net';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { bareAddress } from '../original-destination.ts';

/** What the first bytes of a connection say, read as a PROXY protocol header (version 2.3 of the specification, HAProxy). */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid'; readonly message: string }
  /** `length` bytes are the header. `peer`: who is really connected; undefined: whoever sent the header (LOCAL, UNKNOWN). */
  | { readonly kind: 'header'; readonly length: number; readonly peer: SocketAddress | undefined };

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V1_START = Buffer.from('PROXY ', 'latin1');
/** Of a version 1 header, CRLF included. */
const V1_MAX_BYTES = 107;
const V2_FIXED_BYTES = 16;

const MORE: ProxyHeader = { kind: 'more' };

/** Pure: the answer for a longer prefix of the same bytes is the same, or was `more`. Never reads beyond the header. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsWith(bytes, SIGNATURE)) return bytes.length < V2_FIXED_BYTES ? MORE : parseV2(bytes);
  if (startsWith(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : parseV1(bytes);
  return invalid('the connection does not begin with a PROXY header');
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function parseV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MAX_BYTES).indexOf('\r\n', 0, 'latin1');
  if (end < 0) return bytes.length < V1_MAX_BYTES ? MORE : invalid('the PROXY line has no end');
  const line = bytes.toString('latin1', 0, end);
  const length = end + 2;
  // The rest of an UNKNOWN line is to be ignored.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'header', length, peer: undefined };
  const parts = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\S+) (\S+)$/.exec(line);
  if (parts === null)
    return invalid('the PROXY line is not TCP4, TCP6 or UNKNOWN with two addresses and ports');
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = parts;
  const isAddress = family === 'TCP4' ? isIPv4 : isBareIPv6;
  if (!isAddress(source) || !isAddress(destination)) return invalid('the PROXY line has a bad address');
  if (!isPort(sourcePort) || !isPort(destinationPort)) return invalid('the PROXY line has a bad port');
  return { kind: 'header', length, peer: { address: bareAddress(source), port: Number(sourcePort) } };
}

function isBareIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** 0 to 65535 in decimal, without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Low nibble of the family byte: STREAM. */
const STREAM = 1;

function parseV2(bytes: Buffer): ProxyHeader {
  const version = (bytes[12] ?? 0) >> 4;
  const command = (bytes[12] ?? 0) & 0x0f;
  const family = (bytes[13] ?? 0) >> 4;
  const transport = (bytes[13] ?? 0) & 0x0f;
  if (version !== 2) return invalid(`the PROXY header has version ${version}, expected 2`);
  if (command > 1) return invalid(`the PROXY header has an unknown command ${command}`);
  if (family > 3 || transport > 2)
    return invalid('the PROXY header has an unknown address family or transport');
  const dataBytes = bytes.readUInt16BE(14);
  const length = V2_FIXED_BYTES + dataBytes;
  const isLocal = command === 0 || family === 0 || transport === 0;
  if (!isLocal && transport !== STREAM) return invalid('the PROXY header speaks of datagrams');
  if (!isLocal && dataBytes < addressBytes(family))
    return invalid('the PROXY header is too short for its addresses');
  if (bytes.length < length) return MORE;
  // Sockets of a file system have no address that anything here could go by.
  if (isLocal || family === 3) return { kind: 'header', length, peer: undefined };
  return { kind: 'header', length, peer: family === 1 ? readV4(bytes) : readV6(bytes) };
}

/** Both addresses and ports; for AF_UNIX two paths. What follows them (TLVs) is not looked at. */
function addressBytes(family: number): number {
  if (family === 1) return 12;
  return family === 2 ? 36 : 216;
}

function readV4(bytes: Buffer): SocketAddress {
  return { address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) };
}

function readV6(bytes: Buffer): SocketAddress {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(16 + index * 2).toString(16));
  return {
    // Once for the spelling, and once for a mapped address, which the spelling shows.
    address: bareAddress(bareAddress(groups.join(':'))),
    port: bytes.readUInt16BE(48),
  };
}

function invalid(message: string): ProxyHeader {
  return { kind: 'invalid', message };
}
