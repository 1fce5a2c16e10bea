import type { Resource } from '@lanekeeper/kubernetes/resources';

export const LANE_GROUPS = lanekeeper('lanegroups', 'LaneGroup');
export const LANES = lanekeeper('lanes', 'Lane');
export const TRAFFIC_LABEL_RULES = openSergo('trafficlabelrules', 'TrafficLabelRule');
export const WORKLOAD_LABEL_RULES = openSergo('workloadlabelrules', 'WorkloadLabelRule');

/** Kinds by which people declare lanes; the rest of what they declare is the edge's. */
export const LANE_RESOURCES = [LANE_GROUPS, LANES, TRAFFIC_LABEL_RULES, WORKLOAD_LABEL_RULES] as const;

function lanekeeper(plural: string, kind: string): Resource {
  return { group: 'lanekeeper.io', version: 'v1alpha1', plural, kind };
}

function openSergo(plural: string, kind: string): Resource {
  return { group: 'traffic.opensergo.io', version: 'v1alpha1', plural, kind };
}
