import type { Finding } from './finding.ts';
import type { LintWorld } from './world.ts';

/** One look at the world; the same world gives the same findings. */
type Check = (world: LintWorld) => readonly Finding[];

const CHECKS: readonly Check[] = [];

/** All that is wrong with the world, errors first, by object; what an object's `lanekeeper.io/ignore` names is left out. */
export function lintWorld(world: LintWorld): readonly Finding[] {
  return CHECKS.flatMap((check) => check(world));
}
