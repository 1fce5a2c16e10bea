/** Why a pod is left as it is, with the sentence that people read. Stable codes: metrics, the status annotation and logs use them. */
export const SKIP_REASONS = {
  'not-a-creation': 'containers can only be added when a pod is created',
  'mirror-pod':
    'a mirror pod only shows a static pod of its node; the kubelet does not run what is added to it',
  'protected-namespace': 'the cluster and the injector itself must start without the injector',
  'already-injected': 'the pod has its sidecar already',
  'opted-out': 'the pod or its namespace says that it is not to be injected',
  'not-asked-for': 'neither the pod nor its namespace asks for injection',
  'host-network':
    'the pod shares the network of its node, so redirecting its traffic would redirect the node',
  windows: 'interception needs Linux',
  'proxy-user':
    'a container runs as user or group 1337, whose traffic is taken for the sidecar’s own and not redirected',
  'other-mesh': 'another mesh has its proxy in the pod already',
  'job-without-native-sidecars':
    'the pod ends by itself, and on this cluster (before Kubernetes 1.29) its sidecar would keep it from ending',
  'pod-security':
    'the namespace enforces a PodSecurity level that forbids NET_ADMIN; annotate the pod or the namespace with lanekeeper.io/capture: none',
  'name-taken': 'a container or volume of the pod has a name that the injector needs',
  'port-taken': 'a container of the pod listens on a port that the sidecar needs',
} as const;

export type SkipReason = keyof typeof SKIP_REASONS;

/** Every result of an admission that is no skip, with its sentence. */
export const OTHER_REASONS = {
  injected: 'the pod gets its sidecar',
  'wrong-annotation': 'an annotation or label of Lanekeeper has a value that it cannot have',
  'malformed-object': 'the object is not what the Kubernetes API says it is',
  'facts-unavailable': 'what is known of the cluster does not tell about the namespace',
  'internal-error': 'the injector failed; this is a mistake in it',
  'not-ours': 'the injector handles pods, Deployments, StatefulSets and DaemonSets only',
  'lane-copied': 'the lane of the workload is written into its pod template',
  'lane-removed': 'the lane is taken out of the pod template again',
  'nothing-to-do': 'the pod template is as the workload says',
} as const;

export type Reason = SkipReason | keyof typeof OTHER_REASONS;

export function sentenceOf(reason: Reason): string {
  return { ...SKIP_REASONS, ...OTHER_REASONS }[reason];
}
