import { describeIngress, type Ingress } from './ingress.ts';
import type { Manifest, Tell } from './conversion.ts';

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/** Which Gateway routes of a namespace are for, and what of it. */
export interface Entry {
  /** Undefined: it is there already. */
  readonly gateway: Manifest | undefined;
  /** For requests to the host: all listeners, those of plain text, those of TLS. */
  parents(host: string): {
    readonly all: readonly Manifest[];
    /** Undefined: the listeners of that Gateway are not known here, or there is no TLS for the host. */
    readonly plain?: readonly Manifest[];
    readonly tls?: readonly Manifest[];
  };
}

interface Terminated {
  readonly host: string;
  readonly secret: string;
}

/** A Gateway of our class with a listener for each certificate. */
export function newEntry(namespace: string, ingresses: readonly Ingress[], tell: Tell): Entry {
  const certificates = ingresses.flatMap((ingress) => terminatedBy(ingress, tell));
  const first = new Map(certificates.toReversed().map((each) => [each.host, each]));
  const terminated = [...first.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1));
  const section = (sectionName: string): Manifest => ({ name: GATEWAY, sectionName });
  return {
    gateway: {
      ...{ apiVersion: GATEWAY_API, kind: 'Gateway', metadata: { name: GATEWAY, namespace } },
      spec: {
        gatewayClassName: 'lanekeeper',
        listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }, ...terminated.map(listenerOf)],
      },
    },
    parents(host) {
      const index = terminated.findIndex((each) => covers(each.host, host));
      const plain = [section('http')];
      if (index === -1) return { all: plain };
      const tls = [section(`https-${index}`)];
      return { all: [...plain, ...tls], plain, tls };
    },
  };
}

const GATEWAY = 'lanekeeper';

function listenerOf({ host, secret }: Terminated, index: number): Manifest {
  return {
    ...{ name: `https-${index}`, port: 443, protocol: 'HTTPS' },
    ...(host === '*' ? {} : { hostname: host }),
    tls: { mode: 'Terminate', certificateRefs: [{ name: secret }] },
  };
}

function covers(listener: string, host: string): boolean {
  if (listener === '*' || listener === host) return true;
  return listener.startsWith('*.') && host.endsWith(listener.slice(1));
}

/** One that somebody else has made; `name` or `namespace/name`. */
export function givenEntry(gateway: string, ingresses: readonly Ingress[], tell: Tell): Entry {
  const [name = '', namespace] = gateway.split('/').toReversed();
  for (const ingress of ingresses) {
    for (const { host, secret } of terminatedBy(ingress, tell)) {
      const message = `the Gateway ${gateway} needs an HTTPS listener for ${host} with the certificate of Secret ${ingress.namespace}/${secret}`;
      tell({ object: describeIngress(ingress), message });
    }
  }
  const all = [{ ...(namespace === undefined ? {} : { namespace }), name }];
  return { gateway: undefined, parents: () => ({ all }) };
}

function terminatedBy(ingress: Ingress, tell: Tell): readonly Terminated[] {
  return ingress.tls.flatMap(({ hosts, secret }) => {
    if (secret === undefined) {
      const message =
        'TLS without a Secret uses the default certificate of the controller; a Gateway has none';
      tell({ object: describeIngress(ingress), message });
      return [];
    }
    const named = hosts.length > 0 ? hosts : ingress.hosts.map(({ host }) => host);
    return named.map((host) => ({ host, secret }));
  });
}
