import type { ColourRule, LaneConfig, LaneGroupConfig, MeshSettings } from '@lanekeeper/protocol/model';
import type { LaneGroupObject, LaneObject, TrafficLabelRuleObject } from './object-types.ts';

/** What the mesh calls the group that a LaneGroup declares: `shop/demo`. */
export function groupName(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** What the group leaves open is as the mesh's settings say. */
export function translateGroup({ meta, spec }: LaneGroupObject, settings: MeshSettings): LaneGroupConfig {
  return {
    name: groupName(meta.namespace, meta.name),
    services: spec.services.map(({ name, namespace }) => ({ name, namespace })),
    mode: spec.mode ?? settings.mode,
    evidence: { ...settings.evidence, ...spec.evidence },
  };
}

/** All that a lane says by itself; the services of `serviceFallback` are as they were written. */
export function translateLane({ meta, spec }: LaneObject): LaneConfig {
  return {
    name: meta.name,
    group: groupName(meta.namespace, spec.group),
    fallback: spec.fallback,
    serviceFallback: spec.serviceFallback,
    match: spec.match,
    entries: spec.entries.map((entry) => workloadOf(entry, meta.namespace)),
    priority: spec.priority,
  };
}

/** Its priority is that of a lane that says none; a lane's own rules come first. */
export function translateTrafficLabelRule({ kind, meta, spec }: TrafficLabelRuleObject): ColourRule {
  return {
    name: `${kind} ${meta.namespace}/${meta.name}`,
    lane: spec.lane,
    entries: [workloadOf(spec.app, meta.namespace)],
    match: [spec.match],
    priority: 0,
  };
}

function workloadOf(text: string, namespace: string): string {
  return text.includes('/') ? text : `${namespace}/${text}`;
}
