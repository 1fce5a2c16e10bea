import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { ServerOptions } from '../server-options.ts';

/** A server without authentication and TLS at these members. */
export function serverOptions(members: readonly { readonly address: SocketAddress }[]): ServerOptions {
  return {
    ...{ name: 'main', servers: members.map(({ address }) => address), grpcPortOffset: 1000 },
    ...{ contextPath: '/nacos', namespace: '', credentials: undefined, tls: undefined, protocol: 'auto' },
  };
}
