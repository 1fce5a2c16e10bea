import type { EdgeListener, EdgePolicy } from '@lanekeeper/protocol/edge';

export const OPEN_POLICY: EdgePolicy = {
  trustIncomingTag: false,
  trustedProxies: [],
  proxyProtocol: false,
  allow: [],
  deny: [],
};

/** A listener of a test: plain, for every host, open to everybody. */
export function edgeListener(port: number, more: Partial<EdgeListener> = {}): EdgeListener {
  return {
    name: `${more.protocol ?? 'http'} ${more.host ?? '*'} ${port}`,
    port,
    publicPort: port,
    protocol: 'http',
    host: '*',
    certificates: [],
    policy: OPEN_POLICY,
    hosts: [],
    ...more,
  };
}
