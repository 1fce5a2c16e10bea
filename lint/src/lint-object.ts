import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import { percentsWithoutKey, shadowedIn } from './checks/rules.ts';
import { compareFindings, type Finding } from './finding.ts';
import { isIgnored, withoutAnnotations } from './noted.ts';

/** What an object shows by itself, whatever stands beside it; for whoever has just written it. */
export function lintObject(object: MeshObject): readonly Finding[] {
  if (object.kind !== 'Lane') return [];
  return [...percentsWithoutKey(object), ...shadowedIn([object])]
    .filter((noted) => !isIgnored(noted))
    .map(withoutAnnotations)
    .sort(compareFindings);
}
