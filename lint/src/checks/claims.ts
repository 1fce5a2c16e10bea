import {
  describeObject,
  type LaneGroupObject,
  type LaneObject,
} from '@lanekeeper/mesh-file/objects/object-types';
import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { hasLabels, type DescribedGroup, type DescribedWorld } from '../described-world.ts';
import { listed, type Noted } from '../noted.ts';
import type { LintService } from '../world.ts';

/** A pod is of one lane. */
export function findLanesClaimedTwice({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap((group) => [...sharedWorkloads(group), ...sameSelectors(group)]);
}

function sharedWorkloads({ members }: DescribedGroup): readonly Noted[] {
  const byLanes = new Map<
    string,
    { readonly lanes: readonly LaneObject[]; readonly workloads: Set<string> }
  >();
  for (const { workload, claims } of members.flatMap(({ workloads }) => workloads)) {
    if (claims.length < 2) continue;
    const key = claims.map(({ meta }) => meta.name).join();
    const found = byLanes.get(key) ?? { lanes: claims, workloads: new Set() };
    byLanes.set(key, found);
    found.workloads.add(workload.object);
  }
  return [...byLanes.values()].map(({ lanes, workloads }) =>
    claimedTwice(lanes, `${listed([...workloads])} ${workloads.size === 1 ? 'is' : 'are'}`),
  );
}

/** Also where no pod shows it yet: what one selects the other one selects, too. */
function sameSelectors({ lanes, members }: DescribedGroup): readonly Noted[] {
  const isShown = (a: LaneObject, b: LaneObject): boolean =>
    members.some(({ workloads }) => workloads.some(({ claims }) => claims.includes(a) && claims.includes(b)));
  return pairsOf(lanes).flatMap(([a, b]) => {
    const [left, right] = [a.spec.selector, b.spec.selector];
    if (left === undefined || right === undefined || isShown(a, b)) return [];
    return hasLabels(left, right) || hasLabels(right, left)
      ? [claimedTwice([a, b], 'their pods would be')]
      : [];
  });
}

function claimedTwice(lanes: readonly LaneObject[], what: string): Noted {
  const last = lanes.at(-1);
  const names = lanes.map(({ meta }) => meta.name);
  return {
    code: 'LK0102',
    severity: 'error',
    object: last === undefined ? '' : describeObject(last),
    path: 'spec.selector',
    annotations: lanes.map(({ meta }) => meta.annotations),
    message: `${what} of the lanes ${names.join(' and ')} at once, and a pod is of one lane`,
    fix: 'Give one of the lanes a selector that the other one’s pods do not fulfil.',
  };
}

export function pairsOf<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b) => [a, b] as const));
}

/** The older group has it. */
export function findServicesInTwoGroups({ groups }: DescribedWorld): readonly Noted[] {
  const owners = new Map<string, LaneGroupObject>();
  return groups.flatMap(({ object }) =>
    object.spec.services.flatMap((ref, index): readonly Noted[] => {
      const owner = owners.get(serviceId(ref));
      if (owner === undefined) owners.set(serviceId(ref), object);
      return owner === undefined || owner === object
        ? []
        : [inTwoGroups(object, owner, { index, id: serviceId(ref) })];
    }),
  );
}

function inTwoGroups(
  object: LaneGroupObject,
  owner: LaneGroupObject,
  { index, id }: { readonly index: number; readonly id: string },
): Noted {
  return {
    code: 'LK0104',
    severity: 'error',
    object: describeObject(object),
    path: `spec.services[${index}]`,
    annotations: [object.meta.annotations],
    message: `service ${id} belongs to the older ${describeObject(owner)} already, so it is not in this group`,
    fix: 'Take it out of one of the two groups; a service is of one.',
  };
}

/** Owners of a service decide which namespaces see it, and only these may put it into a group. */
export function findMembersNotExported({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap(({ object, members }) =>
    members.flatMap(({ id, path, service }): readonly Noted[] => {
      const { namespace } = object.meta;
      if (service === undefined || service.namespace === namespace || isSeenIn(namespace, service)) return [];
      return [
        {
          code: 'LK0125',
          severity: 'error',
          object: describeObject(object),
          path,
          annotations: [object.meta.annotations, service.annotations],
          message: `service ${id} is not exported to namespace ${namespace}, so it is not in this group`,
          fix: `Let its owners add ${namespace} to ${ANNOTATIONS.exportTo} of the Service, or take it out of the group.`,
        },
      ];
    }),
  );
}

function isSeenIn(namespace: string, { annotations }: LintService): boolean {
  const exportTo = annotations[ANNOTATIONS.exportTo] ?? '*';
  return exportTo.split(',').some((part) => [namespace, '*'].includes(part.trim()));
}
