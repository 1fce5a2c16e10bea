import type { KubeEndpointSlice, KubeNamespace, KubePod } from '../objects.ts';

/** What the conversion of a Service asks of the cluster. */
export interface ClusterView {
  namespace(name: string): KubeNamespace | undefined;
  /** By `namespace/name`. */
  pod(key: string): KubePod | undefined;
  /** The pod that has this address for itself; none where pods share their node's. */
  podAt(address: string): KubePod | undefined;
  podsOfApp(namespace: string, app: string): readonly KubePod[];
  /** Of a Service by `namespace/name`, in the order of their names. */
  slicesOf(service: string): readonly KubeEndpointSlice[];
  zoneOf(node: string): string | undefined;
}

/** What somebody has asked a {@link ClusterView}, as a key: when the answer may be another one, so may be what was made of it. */
export const ASKED = {
  namespace: (name: string) => `namespace ${name}`,
  pod: (key: string) => `pod ${key}`,
  address: (address: string) => `address ${address}`,
  app: (namespace: string, app: string) => `app ${namespace}/${app}`,
  slices: (service: string) => `slices ${service}`,
  node: (name: string) => `node ${name}`,
} as const;

/** The same view; `asked` takes down every question. */
export function recordQuestions(view: ClusterView, asked: Set<string>): ClusterView {
  return {
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
    podsOfApp: (namespace, app) => {
      asked.add(ASKED.app(namespace, app));
      return view.podsOfApp(namespace, app);
    },
    slicesOf: (service) => {
      asked.add(ASKED.slices(service));
      return view.slicesOf(service);
    },
    zoneOf: (node) => {
      asked.add(ASKED.node(node));
      return view.zoneOf(node);
    },
  };
}
