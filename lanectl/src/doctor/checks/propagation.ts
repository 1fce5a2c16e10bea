import { keyOf } from '@lanekeeper/kubernetes/kube-object';
import { recordAt } from '@lanekeeper/lint/read/json';
import { nameOf } from '../../cluster/sidecar-pods.ts';
import { listed, warn } from '../check-result.ts';
import { valueOf, type Facts } from '../facts.ts';
import { isMeant } from '../is-meant.ts';
import { workloadAudits, type CalleeCounts, type WorkloadAudit } from '../workload-audits.ts';
import type { Check } from './check.ts';

/** Fewer may be chance: a background call at a bad moment. */
const FEWEST_LOST = 3;
/** Where so many calls should have had a lane and none has, chance is out of the question (e^-7). */
const FEWEST_EXPECTED = 7;
const MOST_TOLD = 10;

export const PROPAGATION_CHECKS: readonly Check[] = [
  {
    ...{ category: 'lanes', id: 'sidecars-asked', needs: ['audits'] },
    description: 'every sidecar answers at its admin port',
    look(facts) {
      const failures = valueOf(facts.audits)?.failures ?? [];
      if (failures.length === 0) return undefined;
      return warn(listed(failures, 3), 'a pod that has just come or gone may be among them; ask again');
    },
  },
  {
    ...{ category: 'lanes', id: 'LK0123', needs: ['audits', 'pods'] },
    description: 'applications pass on what tells the lane of their calls',
    look(facts) {
      const asked = valueOf(facts.audits);
      const told = asked === undefined ? [] : workloadAudits(asked).flatMap((audit) => lostBy(audit, facts));
      if (told.length === 0) return undefined;
      return warn(
        told.slice(0, MOST_TOLD).join('; '),
        'Let the application pass on baggage, or an id that it has already (settings.traceHeaders); docs/lanes.md has the ladder of evidence.',
      );
    },
  },
];

function lostBy(audit: WorkloadAudit, facts: Facts): readonly string[] {
  if (audit.cameInLane === 0) return [];
  const calls = audit.callees.flatMap((callee) => {
    const what = whatIsLost(callee, audit, facts);
    const about = { pods: audit.pods.map(nameOf), service: callee.peer };
    return what === undefined || isMeant('LK0123', about, facts) ? [] : [what];
  });
  return calls.length === 0 ? [] : [`${describePods(audit)}: ${listed(calls, 3)}`];
}

/** A tag that arrives at times is passed on: calls without one are then of requests without one. */
function whatIsLost(callee: CalleeCounts, audit: WorkloadAudit, facts: Facts): string | undefined {
  const { peer, group, requests, cameTagged, ambiguous, unknown, inLane, byTrace } = callee;
  if (cameTagged > 0) return undefined;
  if (ambiguous >= FEWEST_LOST) {
    return `${ambiguous} of ${requests} calls to ${peer} had no tag and no id while several lanes were possible, so they are of none`;
  }
  // Where nothing is inferred from what is in flight every call shows whether the application passes something on.
  if (inLane > 0 || byTrace > 0 || infersInFlight(group, facts)) return undefined;
  const expected = (unknown * audit.cameInLane) / audit.came;
  return expected < FEWEST_EXPECTED
    ? undefined
    : `${audit.cameInLane} of ${audit.came} requests came with a lane, and none of ${requests} calls to ${peer} left with one`;
}

/** Also where the group is none of this cluster's objects: then it is not known. */
function infersInFlight(group: string, facts: Facts): boolean {
  const found = valueOf(facts.groups)?.find((each) => keyOf(each) === group);
  return found === undefined || recordAt(found, 'spec', 'evidence')['inFlight'] !== false;
}

function describePods({ pods }: WorkloadAudit): string {
  const [first] = pods;
  if (first === undefined) return '';
  return pods.length === 1 ? nameOf(first) : `${nameOf(first)} and ${pods.length - 1} more of ${first.app}`;
}
