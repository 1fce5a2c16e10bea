import type { PodFacts } from '../../../catalog/source-service.ts';
import type { KubePod } from '../objects.ts';
import type { ClusterView } from './cluster-view.ts';
import { isMissingSidecar } from './member.ts';

/** What is known of a pod whichever service it belongs to. */
export function factsOf(pod: KubePod, view: ClusterView): PodFacts {
  const standing = view.standingOf(pod);
  const zone = view.zoneOf(pod.nodeName);
  const isWithoutSidecar = standing.kind === 'lane' && isMissingSidecar(pod, view);
  const dropReason = isWithoutSidecar ? 'not-injected' : pod.isTerminating ? 'terminating' : undefined;
  return {
    ...{ pod: pod.meta.name, namespace: pod.meta.namespace },
    ...(standing.kind === 'lane' ? { lane: standing.lane } : {}),
    ...(zone === undefined ? {} : { zone }),
    healthy: pod.isReady && dropReason === undefined,
    ...(dropReason === undefined ? {} : { dropReason }),
    isMisnamed: standing.kind === 'misnamed',
  };
}
