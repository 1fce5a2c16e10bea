import { rootCursor } from '@lanekeeper/mesh-file/decoder';
import { decodeEdgeRule } from '@lanekeeper/mesh-file/edge/decode-edge-rule';
import { JSON_TREE } from '@lanekeeper/mesh-file/json-tree';
import { ProblemReport } from '@lanekeeper/mesh-file/problem-report';
import type { EdgeRule } from '@lanekeeper/protocol/edge';

/**
 * What gateways would refuse of a rule, as sentences. They take what they are told whole or not at all: one value that they refuse
 * would keep everybody's changes from them.
 */
export function ruleProblems(rule: EdgeRule): readonly string[] {
  const report = new ProblemReport();
  // As it is sent: a field that is undefined is not there.
  const sent: unknown = JSON.parse(JSON.stringify(rule));
  decodeEdgeRule(rootCursor(sent, JSON_TREE, report));
  return report.problems().map(({ path, message }) => `${path}: ${message}`);
}
