import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { KubeEndpointSlice, KubeNamespace, KubePod } from '../objects.ts';

/** What the conversion of a Service asks of the cluster. */
export interface ClusterView {
  /** `cluster.local` in most clusters. */
  readonly clusterDomain: string;
  namespace(name: string): KubeNamespace | undefined;
  /** By `namespace/name`. */
  pod(key: string): KubePod | undefined;
  /** The pod that has this address for itself; none where pods share their node's. */
  podAt(address: string): KubePod | undefined;
  /** `lanes`: also those whose lane is no lane name. A namespace may have thousands of baseline pods of one app name; few ask for them. */
  podsOfApp(app: AppRef, of: AppPart): readonly KubePod[];
  /** Of a Service by `namespace/name`, in the order of their names. */
  slicesOf(service: string): readonly KubeEndpointSlice[];
  zoneOf(node: string): string | undefined;
  /** Of a pod that an answer has named: by its labels, or by the word of a lane's selector. */
  standingOf(pod: KubePod): Standing;
}

export interface AppRef {
  readonly namespace: string;
  readonly app: string;
}

export type AppPart = 'baseline' | 'lanes';

/** What somebody has asked a {@link ClusterView}, as a key: when the answer may be another one, so may be what was made of it. */
export const ASKED = {
  namespace: (name: string) => `namespace ${name}`,
  pod: (key: string) => `pod ${key}`,
  address: (address: string) => `address ${address}`,
  app: ({ namespace, app }: AppRef, of: AppPart) => `${of} of ${namespace}/${app}`,
  slices: (service: string) => `slices ${service}`,
  node: (name: string) => `node ${name}`,
} as const;

/** The same view; `asked` takes down every question. */
export function recordQuestions(view: ClusterView, asked: Set<string>): ClusterView {
  return {
    clusterDomain: view.clusterDomain,
    namespace: (name) => {
      asked.add(ASKED.namespace(name));
      return view.namespace(name);
    },
    pod: (key) => {
      asked.add(ASKED.pod(key));
      return view.pod(key);
    },
    podAt: (address) => {
      asked.add(ASKED.address(address));
      return view.podAt(address);
    },
    podsOfApp: (app, of) => {
      asked.add(ASKED.app(app, of));
      return view.podsOfApp(app, of);
    },
    slicesOf: (service) => {
      asked.add(ASKED.slices(service));
      return view.slicesOf(service);
    },
    zoneOf: (node) => {
      asked.add(ASKED.node(node));
      return view.zoneOf(node);
    },
    // Whoever has the pod has asked for it.
    standingOf: (pod) => view.standingOf(pod),
  };
}
