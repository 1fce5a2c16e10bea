import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { KubeServicePort } from '../objects.ts';

/** What stands before the first dash of a port's name, as in Istio. */
const BY_NAME: ReadonlyMap<string, AppProtocol> = new Map([
  ['http', 'http'],
  ['http2', 'http2'],
  ['grpc', 'grpc'],
  // Encrypted by the application, or not HTTP: bytes are carried as they are.
  ...['tcp', 'https', 'tls', 'mongo', 'mysql', 'redis'].map((name) => [name, 'tcp'] as const),
]);

/** `kafka-ui` may be the name of a page for people; an `appProtocol` is meant. */
const BY_APP_PROTOCOL: ReadonlyMap<string, AppProtocol> = new Map([
  ...BY_NAME,
  ['grpc-web', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/h2c', 'http2'],
  ...['kubernetes.io/wss', 'postgres', 'postgresql', 'kafka', 'amqp', 'mqtt'].map(
    (name) => [name, 'tcp'] as const,
  ),
]);

/** `appProtocol` first, then the name as Istio reads it (`grpc`, `grpc-orders`); `auto` where neither says anything known. */
export function protocolOf({ appProtocol, name }: KubeServicePort): AppProtocol {
  const stated = appProtocol === undefined ? undefined : BY_APP_PROTOCOL.get(appProtocol.toLowerCase());
  return stated ?? protocolOfName(name.toLowerCase());
}

function protocolOfName(name: string): AppProtocol {
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'http';
  const [prefix = ''] = name.split('-', 1);
  return BY_NAME.get(prefix) ?? 'auto';
}
