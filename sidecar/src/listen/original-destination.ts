import { createRequire } from 'node:module';
import { isIPv6, type Socket } from 'node:net';
import type * as Koffi from 'koffi';
import { canonicalHost, type SocketAddress } from '@lanekeeper/runtime/socket-address';

/** Where a redirected connection was going; undefined for one that was not redirected. */
export type OriginalDestination = (socket: Socket) => SocketAddress | undefined;

type GetSockOpt = (fd: number, level: number, name: number, value: Buffer, length: [number]) => number;

/** linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h. */
const SO_ORIGINAL_DST = 80;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

/**
 * Asks the kernel (SO_ORIGINAL_DST), through koffi, which is loaded on first use and only on Linux. Where it cannot be had,
 * `warn` is called once and no connection counts as redirected.
 */
export function createOriginalDestination(warn: (error: unknown) => void): OriginalDestination {
  let getSockOpt: GetSockOpt | undefined;
  let isLoaded = process.platform !== 'linux';
  return (socket) => {
    if (!isLoaded) {
      isLoaded = true;
      try {
        getSockOpt = loadGetSockOpt();
      } catch (error) {
        warn(new Error('koffi is missing; redirected connections are not recognised', { cause: error }));
      }
    }
    return getSockOpt === undefined ? undefined : askKernel(getSockOpt, socket);
  };
}

/**
 * `require`, not `import`: a bundler leaves it alone, and it is resolved from where this code runs, so koffi and its native
 * file (package `@koromix/koffi-<platform>-<arch>`) are found in node_modules beside the bundle as well as in the checkout.
 */
function loadGetSockOpt(): GetSockOpt {
  const loadBeside = createRequire(import.meta.url);
  const koffi: typeof Koffi = loadBeside('koffi');
  const found = koffi
    .load(null)
    .func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)');
  return (fd, level, name, value, length) => Number(found(fd, level, name, value, length));
}

function askKernel(getSockOpt: GetSockOpt, socket: Socket): SocketAddress | undefined {
  const fd = descriptorOf(socket);
  const local = socket.localAddress;
  if (fd === undefined || local === undefined) return undefined;
  // An IPv4 connection to a dual-stack listener has an IPv4-mapped local address, and IPv4's conntrack entry.
  const isV6 = isIPv6(local) && !local.startsWith(V4_MAPPED);
  const original = isV6 ? askV6(getSockOpt, fd) : askV4(getSockOpt, fd);
  if (original === undefined) return undefined;
  const isLocal = original.port === socket.localPort && original.address === bareAddress(local);
  return isLocal ? undefined : original;
}

function askV4(getSockOpt: GetSockOpt, fd: number): SocketAddress | undefined {
  const value = Buffer.alloc(SOCKADDR_IN_BYTES);
  if (getSockOpt(fd, SOL_IP, SO_ORIGINAL_DST, value, [value.length]) !== 0) return undefined;
  return { address: value.subarray(4, 8).join('.'), port: value.readUInt16BE(2) };
}

function askV6(getSockOpt: GetSockOpt, fd: number): SocketAddress | undefined {
  const value = Buffer.alloc(SOCKADDR_IN6_BYTES);
  if (getSockOpt(fd, SOL_IPV6, SO_ORIGINAL_DST, value, [value.length]) !== 0) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => value.readUInt16BE(8 + index * 2).toString(16));
  return { address: canonicalHost(groups.join(':')), port: value.readUInt16BE(2) };
}

const V4_MAPPED = '::ffff:';

/** IPv4-mapped addresses as IPv4, others canonical. */
export function bareAddress(address: string): string {
  return address.startsWith(V4_MAPPED) && address.includes('.')
    ? address.slice(V4_MAPPED.length)
    : canonicalHost(address);
}

/** Node has no public way to a socket's descriptor. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
