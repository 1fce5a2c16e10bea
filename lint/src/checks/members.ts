import { describeObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { DescribedGroup, DescribedMember, DescribedWorld, PlacedWorkload } from '../described-world.ts';
import { listed, type Noted } from '../noted.ts';
import { describeService } from '../world.ts';

type MemberCheck = (
  member: DescribedMember,
  world: DescribedWorld,
) => Omit<Noted, 'object' | 'path'> | undefined;

/** What concerns each service of a group by itself; it is found at the group, where it says which services are members. */
export function checkMembers(world: DescribedWorld): readonly Noted[] {
  return world.groups.flatMap((group) =>
    group.members.flatMap((member) =>
      CHECKS.flatMap((check): readonly Noted[] => {
        const found = check(member, world);
        return found === undefined ? [] : [atMember(group, member, found)];
      }),
    ),
  );
}

const CHECKS: readonly MemberCheck[] = [findNoBaseline, findNotInjected, findUnguardedLanePods, findTlsOnly];

function atMember(
  group: DescribedGroup,
  member: DescribedMember,
  found: Omit<Noted, 'object' | 'path'>,
): Noted {
  const own = [
    group.object.meta.annotations,
    ...(member.service === undefined ? [] : [member.service.annotations]),
  ];
  return {
    ...found,
    object: describeObject(group.object),
    path: member.path,
    annotations: [...found.annotations, ...own],
  };
}

function isThere({ workload }: PlacedWorkload): boolean {
  return workload.replicas !== 0;
}

function namesOf(placed: readonly PlacedWorkload[]): string {
  return listed(placed.map(({ workload }) => workload.object));
}

/** A service of which nothing at all is known may be elsewhere, unless the world is whole. */
function findNoBaseline(
  { id, service, workloads }: DescribedMember,
  { world }: DescribedWorld,
): ReturnType<MemberCheck> {
  const there = workloads.filter(isThere);
  if (there.some(({ isBaseline }) => isBaseline)) return undefined;
  const isUnknown = world.extent === 'part' || (service !== undefined && service.selector === undefined);
  if (there.length === 0 && isUnknown) return undefined;
  return {
    code: 'LK0101',
    severity: 'error',
    annotations: [],
    message:
      there.length === 0
        ? `service ${id} has no pods`
        : `service ${id} has no baseline: all of its workloads are in lanes (${namesOf(there)}), so requests without a lane get 503`,
    fix: `Run a workload of ${id} that is in no lane, or take the service out of the group.`,
  };
}

function findNotInjected({ id, workloads }: DescribedMember): ReturnType<MemberCheck> {
  const bare = workloads.filter(
    (placed) => isThere(placed) && placed.workload.injection?.isInjected === false,
  );
  if (bare.length === 0) return undefined;
  const reasons = [...new Set(bare.map(({ workload }) => workload.injection?.reason ?? ''))];
  return {
    code: 'LK0103',
    severity: 'error',
    annotations: bare.map(({ workload }) => workload.ownAnnotations ?? workload.annotations),
    message: `service ${id}: ${namesOf(bare)} ${bare.length === 1 ? 'has' : 'have'} no sidecar (${listed(reasons)}), so requests lose their lane there`,
    fix: 'Label the namespace lanekeeper.io/injection=enabled, or the pods lanekeeper.io/inject=true, and restart the workload.',
  };
}

/** Where a sidecar stands before the pod it puts right what callers without one send there. */
function findUnguardedLanePods({ id, service, workloads }: DescribedMember): ReturnType<MemberCheck> {
  if (service?.selector === undefined) return undefined;
  const there = workloads.filter((placed) => placed.isSelected && isThere(placed));
  const bare = there.filter(
    ({ claims, workload }) => claims.length > 0 && workload.injection?.isInjected === false,
  );
  if (bare.length === 0 || !there.some(({ isBaseline }) => isBaseline)) return undefined;
  return {
    code: 'LK0108',
    severity: 'error',
    annotations: bare.map(({ workload }) => workload.ownAnnotations ?? workload.annotations),
    message: `${describeService(service)} selects pods of lanes that have no sidecar (${namesOf(bare)}) beside its baseline: every caller of ${id} that has no sidecar reaches them`,
    fix: 'Inject these pods, so that their sidecars send such requests to the baseline, or let the Service select the baseline only.',
  };
}

/** Of one that has other ports, too, nobody can say which of them is called. */
function findTlsOnly({ id, service }: DescribedMember): ReturnType<MemberCheck> {
  const ports = service?.ports ?? [];
  if (ports.length === 0 || !ports.every(({ isTls }) => isTls === true)) return undefined;
  return {
    code: 'LK0112',
    severity: 'warning',
    annotations: [],
    message: `service ${id} offers nothing but TLS (port ${ports.map(({ port }) => port).join(', ')}), so calls to it are bytes to sidecars: no lane can be read there or passed on`,
    fix: 'Offer a port in plain text (appProtocol: http) for calls within the group and leave encryption to the network, or take the service out of the group.',
  };
}
