import { decodeLane } from '@lanekeeper/mesh-file/decode-lane';
import { rootCursor } from '@lanekeeper/mesh-file/decoder';
import { JSON_TREE } from '@lanekeeper/mesh-file/json-tree';
import { ProblemReport } from '@lanekeeper/mesh-file/problem-report';
import type { LaneRules } from './lane-content.ts';

/** Rules as another replica has written them; undefined where there are none, or none that a sidecar would take. */
export function decodeHeldRules(value: unknown): LaneRules | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const report = new ProblemReport('ignored');
  const lane = decodeLane(rootCursor({ ...value, name: 'held', group: '' }, JSON_TREE, report), new Map());
  if (lane === undefined || report.problems().length > 0) return undefined;
  const { match, entries, priority } = lane;
  return { match, entries, priority };
}
