import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { KubeService, KubeServicePort } from '../objects.ts';

/** What has to be known of Services to send requests to them. */
export interface BackendView {
  /** By `namespace/name`. */
  service(id: string): KubeService | undefined;
  /** The lane that all pods are of that it selects; undefined: of several, or of none. */
  laneOf(id: string): string | undefined;
}

export type Backend =
  | {
      readonly kind: 'found';
      readonly service: ServiceRef;
      readonly port: number;
      /** Absent: whatever goes by the port and the request. */
      readonly protocol?: 'http' | 'http2';
      readonly lane?: string;
    }
  | { readonly kind: 'absent' | 'unsupported'; readonly message: string };

/** `appProtocol`s of which it is certain that we cannot speak them to a backend. */
const UNSUPPORTED = new Set(['https', 'tls', 'kubernetes.io/wss']);

export function findBackend(ref: ServiceRef, portNumber: number, view: BackendView): Backend {
  const id = serviceId(ref);
  const service = view.service(id);
  if (service === undefined) return absent(`there is no Service ${id}`);
  if (service.type === 'ExternalName')
    return absent(`Service ${id} is of type ExternalName, and requests are not sent to hosts outside`);
  const port = service.ports.find((one) => one.port === portNumber && one.protocol === 'TCP');
  if (port === undefined) return absent(`Service ${id} has no port ${portNumber} of TCP`);
  return backendAt(port, { id, ref, lane: view.laneOf(id) });
}

interface Found {
  readonly id: string;
  readonly ref: ServiceRef;
  readonly lane: string | undefined;
}

function backendAt({ port, appProtocol = '' }: KubeServicePort, { id, ref, lane }: Found): Backend {
  const stated = appProtocol.toLowerCase();
  if (UNSUPPORTED.has(stated)) {
    const message = `port ${port} of Service ${id} speaks ${appProtocol}, and backends are spoken to without TLS`;
    return { kind: 'unsupported', message };
  }
  const protocol = protocolOf(stated);
  return {
    kind: 'found',
    service: { name: ref.name, namespace: ref.namespace },
    port,
    ...(protocol === undefined ? {} : { protocol }),
    ...(lane === undefined ? {} : { lane }),
  };
}

function protocolOf(appProtocol: string): 'http' | 'http2' | undefined {
  if (appProtocol === 'kubernetes.io/h2c') return 'http2';
  return appProtocol === 'kubernetes.io/ws' ? 'http' : undefined;
}

function absent(message: string): Backend {
  return { kind: 'absent', message };
}
