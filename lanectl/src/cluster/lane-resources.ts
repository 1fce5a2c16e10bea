import type { Resource } from '@lanekeeper/kubernetes/resources';

const OURS = { group: 'lanekeeper.io', version: 'v1alpha1' } as const;

export const LANE_GROUPS: Resource = { ...OURS, plural: 'lanegroups', kind: 'LaneGroup' };
export const LANES: Resource = { ...OURS, plural: 'lanes', kind: 'Lane' };
