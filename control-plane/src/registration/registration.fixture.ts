import { standingOf } from '@lanekeeper/protocol/workload-names';
import { pod } from '../source/kubernetes/convert/cluster.fixture.ts';
import type { KubePod } from '../source/kubernetes/objects.ts';
import type { NacosRegistry } from '../source/nacos/registry.ts';
import type { PodSurroundings } from './plan-pod.ts';

/** A registry that the mesh follows in `public` (its namespace `shop`) and `test`. */
export function registryOf(name: string, more: Partial<NacosRegistry> = {}): NacosRegistry {
  return {
    name,
    servers: [{ address: '127.0.0.1', port: 8848 }],
    ...{ grpcPortOffset: 1_000, contextPath: '/nacos', protocol: 'auto' },
    ...{ credentials: undefined, tls: undefined, clusters: [], laneKeys: [], zoneKeys: [] },
    namespaces: [
      { id: '', meshNamespace: 'shop', groups: ['DEFAULT_GROUP'] },
      { id: 'test', meshNamespace: 'staging', groups: ['DEFAULT_GROUP', 'G'] },
    ],
    recovery: { holdMs: 0, missingShare: 1 },
    configuration: undefined,
    ...more,
  };
}

export function around(more: Partial<PodSurroundings> = {}): PodSurroundings {
  return {
    registries: [registryOf('main'), registryOf('other', { clusters: ['HANGZHOU'] })],
    clusterId: () => 'uid-of-the-cluster',
    standingOf: ({ meta, laneFromEnv }) => standingOf(meta.labels, laneFromEnv),
    isDraining: () => false,
    isMissingSidecar: () => false,
    ...more,
  };
}

export interface Asking {
  readonly address?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `lanekeeper.io/nacos-…`; default: port 8080. */
  readonly nacos?: Readonly<Record<string, string>>;
  readonly pod?: Partial<Omit<KubePod, 'meta'>>;
}

/** A ready pod of the app `a` that asks for a registration. */
export function askingPod(name: string, asking: Asking = {}): KubePod {
  const { address = '10.0.0.1', namespace = 'shop', labels = {}, nacos = { port: '8080' } } = asking;
  const annotations = Object.fromEntries(
    Object.entries(nacos).map(([key, value]) => [`lanekeeper.io/nacos-${key}`, value]),
  );
  const given = { namespace, labels: { app: 'a', ...labels }, annotations, ...asking.pod };
  const { kind, object } = pod(name, address, given);
  if (kind !== 'pod') throw new TypeError('the fixture made no pod');
  return object;
}
