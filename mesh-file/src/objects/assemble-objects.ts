import type {
  ColourRule,
  LaneConfig,
  LaneGroupConfig,
  MeshSettings,
  ServiceRef,
} from '@lanekeeper/protocol/model';
import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import {
  describeObject,
  type LaneGroupObject,
  type LaneObject,
  type MeshObject,
  type WorkloadLabelRuleObject,
} from './object-types.ts';
import { placeLane } from './place-lane.ts';
import { groupName, translateGroup, translateTrafficLabelRule } from './translate.ts';

/** What several objects mean together. Whatever they say, it is a mesh that sidecars accept: what does not fit is left out and told. */
export interface AssembledObjects {
  readonly groups: readonly LaneGroupConfig[];
  readonly lanes: readonly LaneConfig[];
  readonly colouring: readonly ColourRule[];
  readonly laneSelectors: readonly LaneSelector[];
  readonly workloadLabels: readonly WorkloadLabel[];
  readonly verdicts: ReadonlyMap<MeshObject, ObjectVerdict>;
}

/** Pods of the group's services that have all of these labels are of the lane. */
export interface LaneSelector {
  readonly lane: string;
  /** As the mesh calls it: `namespace/name`. */
  readonly group: string;
  /** Absent: what names a pod's lane anyway. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly object: LaneObject;
}

/** Pods of a namespace (of an app, with labels) are of a lane, by a WorkloadLabelRule. */
export interface WorkloadLabel {
  readonly lane: string;
  readonly namespace: string;
  readonly app?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly object: WorkloadLabelRuleObject;
}

/** What became of an object. */
export interface ObjectVerdict {
  /** `false`: none of it is. */
  readonly isInForce: boolean;
  readonly reason: VerdictReason;
  /** What is not in force of it and why, with its path; empty where all of it is. */
  readonly problems: readonly ConfigProblem[];
}

export type VerdictReason =
  'Accepted' | 'GroupNotFound' | 'ServiceInTwoGroups' | 'NotExported' | 'FallbackUnknown' | 'NotYetEffective';

export interface AssembleOptions {
  readonly settings: MeshSettings;
  /** A lane that has expired: its rules are out of force, its routing stays, so that what is in flight ends. Default: none has. */
  readonly hasExpired?: (lane: LaneObject) => boolean;
  /** Whether a service of another namespace may be a member of a group of `namespace`; its owners decide. Default: yes. */
  readonly isExported?: (service: ServiceRef, namespace: string) => boolean;
}

/** The order of `objects` does not matter: of two that claim the same thing the older one has it. */
export function assembleObjects(objects: readonly MeshObject[], options: AssembleOptions): AssembledObjects {
  const { hasExpired = () => false } = options;
  const byAge = [...objects].sort(compareAge);
  const verdicts = new Map<MeshObject, ObjectVerdict>();
  const groups = assembleGroups(byAge, options, verdicts);
  const laneObjects = byAge.filter((object) => object.kind === 'Lane');
  const siblings = namesByGroup(laneObjects);
  const lanes: LaneConfig[] = [];
  const laneSelectors: LaneSelector[] = [];
  for (const object of laneObjects) {
    const { lane, reason, problems } = placeLane(object, groups, siblings);
    verdicts.set(object, { isInForce: lane !== undefined, reason, problems });
    if (lane === undefined) continue;
    const labels = object.spec.selector;
    const selector = labels === undefined ? {} : { selector: labels };
    lanes.push({ ...lane, ...selector, ...(hasExpired(object) ? { match: [] } : {}) });
    laneSelectors.push({
      lane: lane.name,
      group: lane.group,
      ...(labels === undefined ? {} : { labels }),
      object,
    });
  }
  for (const object of byAge) if (!verdicts.has(object)) verdicts.set(object, verdictOfOther(object));
  return {
    groups: [...groups.values()],
    lanes,
    colouring: byAge.filter((object) => object.kind === 'TrafficLabelRule').map(translateTrafficLabelRule),
    laneSelectors,
    workloadLabels: byAge.flatMap(workloadLabelOf),
    verdicts,
  };
}

const ACCEPTED: ObjectVerdict = { isInForce: true, reason: 'Accepted', problems: [] };

function compareAge(a: MeshObject, b: MeshObject): number {
  const difference = (a.meta.createdAt ?? 0) - (b.meta.createdAt ?? 0);
  if (difference !== 0) return difference;
  const left = describeObject(a);
  const right = describeObject(b);
  return left === right ? 0 : left < right ? -1 : 1;
}

function assembleGroups(
  objects: readonly MeshObject[],
  { settings, isExported = () => true }: AssembleOptions,
  verdicts: Map<MeshObject, ObjectVerdict>,
): ReadonlyMap<string, LaneGroupConfig> {
  const owners = new Map<string, LaneGroupObject>();
  const groups = new Map<string, LaneGroupConfig>();
  for (const object of objects) {
    if (object.kind !== 'LaneGroup') continue;
    const group = translateGroup(object, settings);
    const refusals = group.services.map((service): Refusal | undefined => {
      const { namespace } = object.meta;
      if (service.namespace !== namespace && !isExported(service, namespace))
        return notExported(service, namespace);
      const owner = owners.get(serviceId(service));
      if (owner === undefined) owners.set(serviceId(service), object);
      return owner === undefined ? undefined : takenBy(owner, service);
    });
    const services = group.services.filter((_, index) => refusals[index] === undefined);
    groups.set(group.name, { ...group, services });
    verdicts.set(object, verdictOfGroup(refusals));
  }
  return groups;
}

/** Why a service is not in the group that names it. */
interface Refusal {
  readonly reason: 'ServiceInTwoGroups' | 'NotExported';
  readonly message: string;
}

function notExported(service: ServiceRef, namespace: string): Refusal {
  const message = `service ${serviceId(service)} is not exported to namespace ${namespace} (${ANNOTATIONS.exportTo} on the Service), so it is not in this group`;
  return { reason: 'NotExported', message };
}

function takenBy(owner: LaneGroupObject, service: ServiceRef): Refusal {
  const message = `service ${serviceId(service)} belongs to the older ${describeObject(owner)}; take it out of one of the two`;
  return { reason: 'ServiceInTwoGroups', message };
}

function verdictOfGroup(refusals: readonly (Refusal | undefined)[]): ObjectVerdict {
  const problems = refusals.flatMap((refusal, index): ConfigProblem[] =>
    refusal === undefined ? [] : [{ path: `spec.services[${index}]`, message: refusal.message }],
  );
  const first = refusals.find((refusal) => refusal !== undefined);
  if (first === undefined) return ACCEPTED;
  return { isInForce: problems.length < refusals.length, reason: first.reason, problems };
}

function workloadLabelOf(object: MeshObject): readonly WorkloadLabel[] {
  if (object.kind !== 'WorkloadLabelRule' || object.spec.target === 'data') return [];
  const { lane, app, labels } = object.spec;
  const { namespace } = object.meta;
  return [{ lane, namespace, ...(app === undefined ? {} : { app }), labels, object }];
}

function verdictOfOther(object: MeshObject): ObjectVerdict {
  if (object.kind !== 'WorkloadLabelRule' || object.spec.target === 'workloads') return ACCEPTED;
  const keys = Object.keys(object.spec.selector).join(', ');
  const message = `it selects data (${keys}); labels of databases and tables are not yet effective`;
  return { isInForce: false, reason: 'NotYetEffective', problems: [{ path: 'spec.selector', message }] };
}

function namesByGroup(lanes: readonly LaneObject[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const { meta, spec } of lanes) {
    const group = groupName(meta.namespace, spec.group);
    names.set(group, (names.get(group) ?? new Set()).add(meta.name));
  }
  return names;
}
