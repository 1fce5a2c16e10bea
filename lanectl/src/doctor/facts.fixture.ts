import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { Facts } from './facts.ts';

const SYSTEM = 'lanekeeper-system';
const PAIR = makePair('lanekeeper');
export const NOW = Date.now();

export function fact<T>(value: T): { readonly value: T } {
  return { value };
}

function crd(plural: string): KubeObject {
  return {
    metadata: { name: `${plural}.lanekeeper.io` },
    spec: { versions: [{ name: 'v1alpha1', served: true }] },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  };
}

export function deployment(component: string, ready = 2): KubeObject {
  const labels = { 'app.kubernetes.io/component': component, 'app.kubernetes.io/version': '0.1.0' };
  return {
    metadata: { name: `lanekeeper-${component}`, namespace: SYSTEM, labels },
    spec: { replicas: 2 },
    status: { readyReplicas: ready },
  };
}

export function webhooks(bundle = PAIR.cert, failurePolicy = 'Ignore'): KubeObject {
  const clientConfig = { caBundle: Buffer.from(bundle).toString('base64') };
  return {
    metadata: { name: 'lanekeeper-injector' },
    webhooks: [{ name: 'pod.injector.lanekeeper.io', clientConfig, failurePolicy }],
  };
}

export function statusMap(changes: object = {}): KubeObject {
  const status = {
    ...{ sidecars: 3, inStep: 3, versions: { '0.1.0': 3 }, behind: [], rejected: [], objects: [] },
    replicas: [{ pod: 'control-plane-1', problems: [] }],
    ...changes,
  };
  return {
    metadata: { name: 'lanekeeper-status', namespace: SYSTEM },
    data: { 'status.json': JSON.stringify(status) },
  };
}

export function pod(
  name: string,
  { sidecar = true, annotations = {}, phase = 'Running', more = [] as readonly object[] } = {},
): KubeObject {
  const containers = [{ name: 'app' }, ...(sidecar ? [{ name: 'lanekeeper-sidecar' }] : []), ...more];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers }, status: { phase } },
    metadata: { name, namespace: 'shop', uid: name, labels: { app: 'a' }, annotations },
  };
}

/** A cluster in which all is well; `changes` is what is not. */
export function facts(changes: Partial<Facts> = {}): Facts {
  const namespace = { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } };
  return {
    version: fact({ major: 1, minor: 34, gitVersion: 'v1.34.4' }),
    crds: fact(['lanegroups', 'lanes', 'gatewayconfigs'].map(crd)),
    deployments: fact(['control-plane', 'injector', 'gateway'].map((component) => deployment(component))),
    status: fact(statusMap()),
    mutating: fact(webhooks()),
    validating: fact(webhooks()),
    namespaces: fact([{ apiVersion: 'v1', kind: 'Namespace', metadata: namespace }]),
    pods: fact([pod('a-1')]),
    services: fact([]),
    groups: fact([]),
    lanes: fact([]),
    dns: fact([{ metadata: { name: 'kube-dns', namespace: 'kube-system' } }]),
    audits: fact({ answers: [], failures: [] }),
    ...{ within: undefined, now: NOW },
    ...changes,
  };
}
