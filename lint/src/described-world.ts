import type {
  LaneGroupObject,
  LaneObject,
  MeshObject,
  WorkloadLabelRuleObject,
} from '@lanekeeper/mesh-file/objects/object-types';
import { groupName } from '@lanekeeper/mesh-file/objects/translate';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { appOf, standingOf } from '@lanekeeper/protocol/workload-names';
import type { LintService, LintWorkload, LintWorld, Texts } from './world.ts';

/** The world with its references followed, for the checks. */
export interface DescribedWorld {
  readonly world: LintWorld;
  /** Oldest first. */
  readonly groups: readonly DescribedGroup[];
}

export interface DescribedGroup {
  readonly object: LaneGroupObject;
  /** In the order in which their rules are asked: larger priority first, then by name. */
  readonly lanes: readonly LaneObject[];
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  /** `spec.services[2]`. */
  readonly path: string;
  readonly id: string;
  /** Absent: it is not in this world. */
  readonly service: LintService | undefined;
  readonly workloads: readonly PlacedWorkload[];
}

export interface PlacedWorkload {
  readonly workload: LintWorkload;
  /** Lanes of the group that say it is theirs; empty: the baseline, or a lane that nobody has declared. */
  readonly claims: readonly LaneObject[];
  readonly isBaseline: boolean;
  /** Whether the Service selects it; another one is a member's because its app is called like the service. */
  readonly isSelected: boolean;
}

export function describeWorld(world: LintWorld): DescribedWorld {
  const byNamespace = Map.groupBy(world.workloads, ({ namespace }) => namespace);
  const services = new Map(world.services.map((service) => [serviceId(service), service]));
  const lanes = lanesByGroup(world.objects);
  const rules = world.objects.filter((object) => object.kind === 'WorkloadLabelRule');
  const groups = world.objects.filter((object) => object.kind === 'LaneGroup').sort(compareAge);
  return {
    world,
    groups: groups.map((object) => {
      const own = lanes.get(groupName(object.meta.namespace, object.meta.name)) ?? [];
      return {
        object,
        lanes: own,
        members: object.spec.services.map((ref, index) => {
          const service = services.get(serviceId(ref));
          const workloads = (byNamespace.get(ref.namespace) ?? [])
            .filter((workload) => isSelected(workload, service) || isOfApp(workload, ref.name))
            .map((workload) => ({
              ...place(workload, own, rules),
              isSelected: isSelected(workload, service),
            }));
          return { path: `spec.services[${index}]`, id: serviceId(ref), service, workloads };
        }),
      };
    }),
  };
}

/** Whether all of `labels` are among `given`. */
export function hasLabels(given: Texts, labels: Texts): boolean {
  return Object.entries(labels).every(([name, value]) => given[name] === value);
}

function isSelected({ labels }: LintWorkload, service: LintService | undefined): boolean {
  return service?.selector !== undefined && hasLabels(labels, service.selector);
}

function isOfApp({ labels, isJob }: LintWorkload, app: string): boolean {
  return !isJob && appOf(labels) === app;
}

function place(
  workload: LintWorkload,
  lanes: readonly LaneObject[],
  rules: readonly WorkloadLabelRuleObject[],
): Omit<PlacedWorkload, 'isSelected'> {
  const names = namesOf(workload, rules);
  const claims = lanes.filter(
    ({ meta, spec }) =>
      names.includes(meta.name) || (spec.selector !== undefined && hasLabels(workload.labels, spec.selector)),
  );
  return { workload, claims, isBaseline: claims.length === 0 && names.length === 0 };
}

/** Lanes that labels, variables and rules of OpenSergo name. */
function namesOf(workload: LintWorkload, rules: readonly WorkloadLabelRuleObject[]): readonly string[] {
  const standing = standingOf(workload.labels, workload.laneFromEnv);
  const named = standing.kind === 'lane' ? [standing.lane] : [];
  const ruled = rules.flatMap(({ meta, spec }) => {
    if (spec.target === 'data' || meta.namespace !== workload.namespace) return [];
    const isOfApp = spec.app === undefined || appOf(workload.labels) === spec.app;
    return isOfApp && hasLabels(workload.labels, spec.labels) ? [spec.lane] : [];
  });
  const misnamed = standing.kind === 'misnamed' ? [standing.by.value] : [];
  return [...new Set([...named, ...ruled, ...misnamed])];
}

function lanesByGroup(objects: readonly MeshObject[]): ReadonlyMap<string, readonly LaneObject[]> {
  const lanes = objects.filter((object) => object.kind === 'Lane').sort(compareRank);
  return Map.groupBy(lanes, ({ meta, spec }) => groupName(meta.namespace, spec.group));
}

function compareRank(a: LaneObject, b: LaneObject): number {
  if (a.spec.priority !== b.spec.priority) return b.spec.priority - a.spec.priority;
  return compareText(a.meta.name, b.meta.name);
}

function compareAge(a: LaneGroupObject, b: LaneGroupObject): number {
  const difference = (a.meta.createdAt ?? 0) - (b.meta.createdAt ?? 0);
  if (difference !== 0) return difference;
  return compareText(groupName(a.meta.namespace, a.meta.name), groupName(b.meta.namespace, b.meta.name));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
