import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { formatAddress } from '@lanekeeper/runtime/socket-address';

const MAPPED = '::ffff:';

/** The key of an address in a snapshot. A dual-stack socket reports IPv4 peers as `::ffff:10.0.0.1`; that is the same address. */
export function addressKey(at: SocketAddress): string {
  if (at.address.startsWith(MAPPED) && at.address.includes('.')) {
    return `${at.address.slice(MAPPED.length)}:${at.port}`;
  }
  return formatAddress(at);
}
