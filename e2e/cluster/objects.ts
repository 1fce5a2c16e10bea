import type { Layout } from './layout.ts';
import { kubectl } from './readiness.ts';

/** What a cluster's installer puts into it: who CoreDNS is, and the Service under which pods ask it. */
export async function applyObjects(layout: Layout): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: [...dnsRole(), ...dnsService(layout)] };
  await kubectl(layout, ['apply', '--server-side', '-f', '-'], JSON.stringify(list));
}

function dnsRole(): unknown[] {
  const rbac = 'rbac.authorization.k8s.io';
  const watch = ['list', 'watch'];
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: watch },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: watch },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:coredns' }],
    },
  ];
}

/** CoreDNS is a process of the node, so the endpoints are written by hand. */
function dnsService({ dnsAddress, nodeAddress }: Layout): unknown[] {
  const ports = ['UDP', 'TCP'].map((protocol) => ({
    name: `dns-${protocol.toLowerCase()}`,
    protocol,
    port: 53,
  }));
  const labels = { 'k8s-app': 'kube-dns' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: { clusterIP: dnsAddress, ports: ports.map((port) => ({ ...port, targetPort: 53 })) },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'kube-dns-node',
        namespace: 'kube-system',
        labels: { ...labels, 'kubernetes.io/service-name': 'kube-dns' },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
      ports,
    },
  ];
}
