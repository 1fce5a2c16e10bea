import { findLanesClaimedTwice, findMembersNotExported, findServicesInTwoGroups } from './checks/claims.ts';
import { findFallbackCycles, findLanesWithoutPods } from './checks/lanes.ts';
import { checkMembers } from './checks/members.ts';
import { findPercentsWithoutKey, findPriorityTies, findShadowedRules } from './checks/rules.ts';
import { findEndlessJobs, findExcludedPorts, findForeignMeshes } from './checks/workloads.ts';
import { describeWorld, type DescribedWorld } from './described-world.ts';
import { compareFindings, type Finding } from './finding.ts';
import { isIgnored, withoutAnnotations, type Noted } from './noted.ts';
import type { LintWorld } from './world.ts';

/** One look at the world; the same world gives the same findings. */
type Check = (world: DescribedWorld) => readonly Noted[];

const CHECKS: readonly Check[] = [
  checkMembers,
  findLanesClaimedTwice,
  findServicesInTwoGroups,
  findMembersNotExported,
  findPriorityTies,
  findFallbackCycles,
  findLanesWithoutPods,
  findShadowedRules,
  findPercentsWithoutKey,
  findExcludedPorts,
  findForeignMeshes,
  findEndlessJobs,
];

/** All that is wrong with the world, errors first, by object; what an object's `lanekeeper.io/ignore` names is left out. */
export function lintWorld(world: LintWorld): readonly Finding[] {
  const described = describeWorld(world);
  return CHECKS.flatMap((check) => check(described))
    .filter((noted) => !isIgnored(noted))
    .map(withoutAnnotations)
    .sort(compareFindings);
}
