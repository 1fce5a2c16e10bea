import type { AssembledObjects } from '@lanekeeper/mesh-file/objects/assemble-objects';
import { describeObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { LaneClaim } from '../convert/lane-claim.ts';

/** What lanes and rules say of pods. */
export function claimsOf({
  groups,
  laneSelectors,
  workloadLabels,
}: Pick<AssembledObjects, 'groups' | 'laneSelectors' | 'workloadLabels'>): readonly LaneClaim[] {
  const members = new Map(groups.map(({ name, services }) => [name, services]));
  const byLanes = laneSelectors.map(({ lane, group, labels, object }): LaneClaim => ({
    ...{ by: describeObject(object), lane, createdAt: object.meta.createdAt ?? 0 },
    pods: {
      ...{ kind: 'members', services: members.get(group) ?? [] },
      ...(labels === undefined ? {} : { labels }),
    },
  }));
  const byRules = workloadLabels.map(({ lane, namespace, app, labels, object }): LaneClaim => ({
    ...{ by: describeObject(object), lane, createdAt: object.meta.createdAt ?? 0 },
    pods: { kind: 'workloads', namespace, labels, ...(app === undefined ? {} : { app }) },
  }));
  return [...byLanes, ...byRules];
}
