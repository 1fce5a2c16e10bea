import type { Source } from '../source.ts';
import type { ClusterKind } from './cluster-kind.ts';
import type { ClusterWatch } from './cluster-tables.ts';
import type { FollowedCluster } from './follow-cluster.ts';

/** All that is watched of a cluster as one source. */
export function clusterSource(
  watch: ClusterWatch,
  followed: FollowedCluster,
  kinds: readonly ClusterKind[],
): Source {
  const all = [watch, ...kinds];
  return {
    name: 'kubernetes',
    async start() {
      for (const one of all) one.start();
      await Promise.all(all.map((one) => one.synced()));
    },
    problems: () => all.flatMap((one) => one.problems()),
    findings: () => [
      ...followed.problems().map(({ object, message }) => `${object}: ${message}`),
      ...kinds.flatMap((kind) => kind.findings()),
    ],
    close() {
      for (const one of all) one.stop();
    },
  };
}
