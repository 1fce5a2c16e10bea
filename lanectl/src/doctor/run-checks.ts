import type { CheckResult } from './check-result.ts';
import { API_CHECKS, CRD_CHECKS, DEPLOYMENT_CHECKS } from './checks/installation.ts';
import type { Check } from './checks/check.ts';
import { DNS_CHECKS, STATUS_CHECKS, SYNC_CHECKS, VERSION_CHECKS } from './checks/mesh.ts';
import { POD_CHECKS } from './checks/pods.ts';
import { PROPAGATION_CHECKS } from './checks/propagation.ts';
import { WEBHOOK_CHECKS } from './checks/webhook.ts';
import { REGISTRY_CHECKS } from './checks/registry.ts';
import type { Facts } from './facts.ts';
import { lintCluster } from './lint-cluster.ts';

export const CHECKS: readonly Check[] = [
  ...API_CHECKS,
  ...CRD_CHECKS,
  ...DEPLOYMENT_CHECKS,
  ...STATUS_CHECKS,
  ...WEBHOOK_CHECKS,
  ...POD_CHECKS,
  ...VERSION_CHECKS,
  ...SYNC_CHECKS,
  ...DNS_CHECKS,
  ...PROPAGATION_CHECKS,
  ...REGISTRY_CHECKS,
];

const REACHABLE = 'api-reachable';

/** All checks over the facts, in the order in which one rests on the other. Nothing else is looked at where nobody answers. */
export function runChecks(facts: Facts): readonly CheckResult[] {
  const reachable = { category: 'api', id: REACHABLE, description: 'the API server answers' } as const;
  if ('problem' in facts.version) {
    const hint = 'kubectl version says whether this is so for kubectl, too; --context, --kubeconfig';
    return [{ ...reachable, result: 'fail', error: facts.version.problem, hint }];
  }
  return [
    { ...reachable, result: 'ok' },
    ...CHECKS.map((check) => runCheck(check, facts)),
    ...lintCluster(facts),
  ];
}

function runCheck({ category, id, description, needs, look }: Check, facts: Facts): CheckResult {
  const told = { category, id, description };
  for (const need of needs) {
    const fact = facts[need];
    if (!('problem' in fact)) continue;
    const hint = 'somebody with more rights can run the same';
    return { ...told, result: 'skip', error: fact.problem, ...(fact.isForbidden ? { hint } : {}) };
  }
  return { ...told, result: 'ok', ...look(facts) };
}
