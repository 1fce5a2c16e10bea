import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { KubeServicePort } from '../objects.ts';

/** What a port says it speaks: values of `appProtocol`, and what stands before the first dash of a port's name. */
const PROTOCOLS: ReadonlyMap<string, AppProtocol> = new Map([
  ['http', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['grpc-web', 'http'],
  ['http2', 'http2'],
  ['kubernetes.io/h2c', 'http2'],
  ['grpc', 'grpc'],
  // Encrypted by the application, or not HTTP: bytes are carried as they are.
  ...[
    ...['tcp', 'https', 'tls', 'kubernetes.io/wss'],
    ...['mongo', 'mysql', 'redis', 'postgres', 'postgresql', 'kafka', 'amqp', 'mqtt'],
  ].map((name) => [name, 'tcp'] as const),
]);

/** `appProtocol` first, then the name as Istio reads it (`grpc`, `grpc-orders`); `auto` where neither says anything known. */
export function protocolOf({ appProtocol, name }: KubeServicePort): AppProtocol {
  const stated = appProtocol === undefined ? undefined : PROTOCOLS.get(appProtocol.toLowerCase());
  return stated ?? protocolOfName(name.toLowerCase());
}

function protocolOfName(name: string): AppProtocol {
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'http';
  const [prefix = ''] = name.split('-', 1);
  return PROTOCOLS.get(prefix) ?? 'auto';
}
