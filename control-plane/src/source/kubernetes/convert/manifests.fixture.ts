import { injectionWish } from '@lanekeeper/protocol/injection-wish';
import { asKubeObject, fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { parseAllDocuments } from 'yaml';
import type { KubePod, KubeService, KubeServicePort } from '../objects.ts';
import { FieldReader, type Fields } from '../read/fields.ts';
import { readNamespace } from '../read/read-meta.ts';
import { readPod } from '../read/read-pod.ts';
import { readService } from '../read/read-service.ts';
import { readSlice } from '../read/read-slice.ts';
import { slice, TestCluster } from './cluster.fixture.ts';

/**
 * A cluster as it would be some time after `text` was applied to it: Deployments have their pods, injected where that is wished
 * for; Services have addresses and, where the text has none of them, EndpointSlices.
 */
export function clusterOf(text: string): TestCluster {
  const objects = parseAllDocuments(text).map((document) => {
    const object = asKubeObject(document.toJS());
    if (object === undefined) throw new TypeError('a document is no object of Kubernetes');
    return inNamespace(object);
  });
  const reader = new FieldReader(() => {
    throw new TypeError('an object has a field of the wrong kind');
  });
  const cluster = new TestCluster();
  const addresses = new Addresses();
  for (const object of objects) {
    if (object.kind === 'Namespace')
      cluster.put({ kind: 'namespace', object: readNamespace(object, reader) });
  }
  for (const object of objects) {
    if (object.kind === 'Pod') cluster.put({ kind: 'pod', object: readPod(object, reader) });
    if (object.kind === 'Deployment') {
      for (const pod of podsOf(object, cluster, addresses))
        cluster.put({ kind: 'pod', object: readPod(pod, reader) });
    }
    if (object.kind === 'Service')
      cluster.put({ kind: 'service', object: readService(addresses.withClusterIP(object), reader) });
    if (object.kind === 'EndpointSlice') {
      const read = readSlice(object, reader);
      if (read !== undefined) cluster.put({ kind: 'slice', object: read });
    }
  }
  makeSlices(cluster);
  return cluster;
}

function inNamespace(object: KubeObject): KubeObject {
  if (object.kind === 'Namespace') return object;
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? 'default' } };
}

/** Hands out addresses as a cluster would, but always the same. */
class Addresses {
  #pods = 0;
  #services = 0;

  ofPod(): string {
    this.#pods += 1;
    return `10.244.0.${this.#pods}`;
  }

  withClusterIP(service: KubeObject): KubeObject {
    const spec = fieldsOf(service['spec']);
    const isGiven = spec['clusterIP'] !== undefined || spec['clusterIPs'] !== undefined;
    if (isGiven || spec['type'] === 'ExternalName') return service;
    this.#services += 1;
    return { ...service, spec: { ...spec, clusterIP: `10.96.0.${this.#services}` } };
  }
}

function podsOf(deployment: KubeObject, cluster: TestCluster, addresses: Addresses): readonly KubeObject[] {
  const spec = fieldsOf(deployment['spec']);
  const template = fieldsOf(spec['template']);
  const metadata = fieldsOf(template['metadata']);
  const replicas = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  return Array.from({ length: replicas }, (_, index) => ({
    metadata: {
      ...metadata,
      name: `${deployment.metadata.name}-${index + 1}`,
      namespace: deployment.metadata.namespace ?? 'default',
    },
    spec: { ...withSidecar(fieldsOf(template['spec']), metadata, deployment, cluster), nodeName: 'node-1' },
    status: {
      phase: 'Running',
      podIPs: [{ ip: addresses.ofPod() }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }));
}

function withSidecar(
  spec: Fields,
  metadata: Fields,
  { metadata: { namespace = 'default' } }: KubeObject,
  cluster: TestCluster,
): Fields {
  const texts = (name: string) => fieldsOf(metadata[name]) as Readonly<Record<string, string>>;
  const namespaceLabels = cluster.namespaces.objects.get(namespace)?.meta.labels ?? {};
  const pod = { labels: texts('labels'), annotations: texts('annotations') };
  if (injectionWish({ pod, namespaceLabels }) !== 'inject') return spec;
  return { ...spec, initContainers: [{ name: 'lanekeeper-sidecar', restartPolicy: 'Always' }] };
}

/** What the controller of EndpointSlices does: one slice for all pods of a Service that have the same ports. */
function makeSlices(cluster: TestCluster): void {
  const written = new Set(
    [...cluster.slices.objects.values()].map(({ meta, service }) => `${meta.namespace}/${service}`),
  );
  for (const [id, service] of cluster.services.objects) {
    if (service.selector === undefined || written.has(id)) continue;
    const byPorts = Map.groupBy(selectedBy(service, cluster), (pod) => JSON.stringify(portsOf(service, pod)));
    for (const [ports, pods] of byPorts) {
      const name = `${service.meta.name}-${cluster.slices.objects.size}`;
      const { namespace } = service.meta;
      const endpoints = pods.map((pod) => endpointOf(pod, service));
      cluster.put(
        slice(service.meta.name, endpoints, { name, namespace, ports: JSON.parse(ports) as SlicePorts }),
      );
    }
  }
}

type SlicePorts = readonly { readonly name: string; readonly port: number; readonly protocol: string }[];

function selectedBy({ meta, selector = {} }: KubeService, cluster: TestCluster): readonly KubePod[] {
  return [...cluster.pods.objects.values()].filter(
    (pod) =>
      pod.meta.namespace === meta.namespace &&
      Object.entries(selector).every(([label, value]) => pod.meta.labels[label] === value),
  );
}

function portsOf(service: KubeService, pod: KubePod): SlicePorts {
  return service.ports.flatMap(({ name, protocol, targetPort }: KubeServicePort) => {
    const named = pod.ports.find((port) => port.name === targetPort && port.protocol === protocol);
    const port = typeof targetPort === 'number' ? targetPort : named?.containerPort;
    return port === undefined ? [] : [{ name, port, protocol }];
  });
}

function endpointOf(pod: KubePod, service: KubeService) {
  const { isReady, isTerminating, nodeName, meta, addresses } = pod;
  const ready = service.publishNotReadyAddresses || (isReady && !isTerminating);
  const state = { ready, serving: isReady, terminating: isTerminating };
  const zone = `zone-${nodeName.at(-1) ?? ''}`;
  return { addresses: addresses.slice(0, 1), ...state, nodeName, zone, pod: meta.name };
}
