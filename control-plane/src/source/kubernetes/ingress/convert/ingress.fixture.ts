import type { EdgeConfig, EdgeRule } from '@lanekeeper/protocol/edge';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { BackendView } from '../../edge/backend-service.ts';
import type { TlsMaterial } from '../../edge/tls-material.ts';
import type { KubeService } from '../../objects.ts';
import { FieldReader } from '../../read/fields.ts';
import { readIngress } from '../read/read-ingress.ts';
import { convertIngresses, type ConvertedIngresses, type IngressEntry } from './convert-ingresses.ts';

export const ENTRY: IngressEntry = {
  className: 'lanekeeper',
  policy: { trustIncomingTag: false, trustedProxies: [], proxyProtocol: false, allow: [], deny: [] },
  http: { port: 8080, publicPort: 80 },
  https: { port: 8443, publicPort: 443 },
};

/** Services `a`, `a-gray` (all of its pods in the lane gray) and `b` of `shop`, each with the port 80 called http. */
const SERVICES: Readonly<Record<string, string | undefined>> = {
  'shop/a': undefined,
  'shop/a-gray': 'gray',
  'shop/a-blue': 'blue',
  'shop/b': undefined,
  'pay/c': undefined,
};

export const VIEW: BackendView = {
  service: (id) => (id in SERVICES ? serviceCalled(id) : undefined),
  laneOf: (id) => SERVICES[id],
};

function serviceCalled(id: string): KubeService {
  const [namespace = '', name = ''] = id.split('/');
  return {
    meta: { name, namespace, uid: id, labels: {}, annotations: {} },
    ...{ type: 'ClusterIP', clusterIPs: [], selector: {}, publishNotReadyAddresses: false },
    sessionAffinity: 'None',
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
  };
}

export interface FixtureOptions {
  readonly secrets?: Readonly<Record<string, TlsMaterial>>;
  readonly defaultSecret?: string;
  readonly entry?: Partial<IngressEntry>;
}

/** Converts Ingresses written as YAML; later ones of the text are younger unless they say when they were made. */
export function convert(
  text: string,
  { secrets = {}, defaultSecret, entry = {} }: FixtureOptions = {},
): ConvertedIngresses {
  const reader = new FieldReader(() => undefined);
  const ingresses = parseAllDocuments(text).map((document, index) => {
    const { metadata, ...rest } = document.toJS() as { metadata: object };
    const meta = { namespace: 'shop', creationTimestamp: `2026-01-01T00:00:0${index}Z`, ...metadata };
    return readIngress({ ...rest, metadata: meta } as unknown as KubeObject, reader);
  });
  return convertIngresses({
    ingresses,
    view: VIEW,
    entry: { ...ENTRY, ...entry },
    defaultSecret,
    secret: (id) => secrets[id],
  });
}

/** The rules that a listener has for a host. */
export function rulesAt(
  { listeners }: EdgeConfig,
  host: string,
  protocol: 'http' | 'https' = 'http',
): readonly EdgeRule[] {
  return listeners
    .filter((listener) => listener.protocol === protocol)
    .flatMap(({ hosts }) => hosts.filter((each) => each.host === host).flatMap(({ rules }) => rules));
}
