import type { ClusterChanges, ClusterTables, TableChanges } from '../cluster-tables.ts';
import type { KubeEndpoint, KubeEndpointSlice, KubeMeta, KubeNamespace } from '../objects.ts';
import type { KubePod, KubeService, KubeServicePort } from '../objects.ts';

class Table<T> {
  readonly objects = new Map<string, T>();
  #before = new Map<string, T | undefined>();

  put(key: string, object: T): void {
    this.#note(key);
    this.objects.set(key, object);
  }

  remove(key: string): void {
    this.#note(key);
    this.objects.delete(key);
  }

  take(): TableChanges<T> {
    const changes = [...this.#before];
    this.#before = new Map();
    const before = changes.flatMap(([key, old]) => (old === undefined ? [] : [[key, old] as const]));
    return { keys: new Set(changes.map(([key]) => key)), before: new Map(before) };
  }

  #note(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.objects.get(key));
  }
}

/** Tables that a test writes to, with the changes as the watch gives them. */
export class TestCluster {
  readonly namespaces = new Table<KubeNamespace>();
  readonly pods = new Table<KubePod>();
  readonly services = new Table<KubeService>();
  readonly slices = new Table<KubeEndpointSlice>();

  get tables(): ClusterTables {
    return {
      namespaces: this.namespaces.objects,
      pods: this.pods.objects,
      services: this.services.objects,
      slices: this.slices.objects,
    };
  }

  put(...objects: readonly ClusterObject[]): this {
    for (const { kind, object } of objects) {
      const { name, namespace } = object.meta;
      if (kind === 'namespace') this.namespaces.put(name, object);
      else if (kind === 'pod') this.pods.put(`${namespace}/${name}`, object);
      else if (kind === 'service') this.services.put(`${namespace}/${name}`, object);
      else this.slices.put(`${namespace}/${name}`, object);
    }
    return this;
  }

  changes(): ClusterChanges {
    const [namespaces, pods] = [this.namespaces.take(), this.pods.take()];
    return { namespaces, pods, services: this.services.take(), slices: this.slices.take() };
  }
}

export type ClusterObject =
  | { readonly kind: 'namespace'; readonly object: KubeNamespace }
  | { readonly kind: 'pod'; readonly object: KubePod }
  | { readonly kind: 'service'; readonly object: KubeService }
  | { readonly kind: 'slice'; readonly object: KubeEndpointSlice };

export function meta(name: string, given: Partial<KubeMeta> = {}): KubeMeta {
  return { name, namespace: 'shop', uid: `uid-${name}`, labels: {}, annotations: {}, ...given };
}

type Given<T> = Partial<Omit<T, 'meta'>> & Partial<KubeMeta>;

function metaOf(name: string, given: Partial<KubeMeta>): KubeMeta {
  const { namespace = 'shop', labels = {}, annotations = {} } = given;
  return meta(name, { namespace, labels, annotations });
}

export function namespace(name: string, given: Partial<KubeMeta> = {}): ClusterObject {
  return { kind: 'namespace', object: { meta: metaOf(name, { ...given, namespace: '' }) } };
}

/** Ready, with a sidecar, at the given address. */
export function pod(name: string, address: string, given: Given<KubePod> = {}): ClusterObject {
  const object: KubePod = {
    ...{ phase: 'Running', isReady: true, isTerminating: false, hostNetwork: false },
    runsToEnd: false,
    ...{ addresses: address === '' ? [] : [address], nodeName: 'node-1', isInjected: true, ports: [] },
    ...given,
    meta: metaOf(name, given),
  };
  return { kind: 'pod', object };
}

export const HTTP_PORT: KubeServicePort = { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' };

export function service(name: string, given: Given<KubeService> = {}): ClusterObject {
  const object: KubeService = {
    ...{ type: 'ClusterIP', clusterIPs: ['10.96.0.1'], selector: { app: name } },
    ...{ publishNotReadyAddresses: false, sessionAffinity: 'None', ports: [HTTP_PORT] },
    ...given,
    meta: metaOf(name, given),
  };
  return { kind: 'service', object };
}

/** An endpoint of the pod of that name; no name: of no pod. */
export function endpoint(name: string, address: string, given: Partial<KubeEndpoint> = {}): KubeEndpoint {
  const state = { ready: true, serving: true, terminating: false, nodeName: 'node-1' };
  return { addresses: [address], ...state, ...(name === '' ? {} : { pod: name }), ...given };
}

export function slice(
  of: string,
  endpoints: readonly KubeEndpoint[],
  given: Given<KubeEndpointSlice> & { readonly name?: string } = {},
): ClusterObject {
  const object: KubeEndpointSlice = {
    ...{ service: of, addressType: 'IPv4', endpoints },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    ...given,
    meta: metaOf(given.name ?? `${of}-1`, given),
  };
  return { kind: 'slice', object };
}
