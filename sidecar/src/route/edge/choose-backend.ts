import type { RequestView } from '../../lane/request-view.ts';
import { isOf, readAffinity, type Affinity } from './affinity.ts';
import { pickCanary } from './canary.ts';
import type { Backend, Rule } from './edge-table.ts';
import { pickBackend } from './pick-backend.ts';

export interface Choice {
  /** Undefined: none of them has a weight. */
  readonly backend: Backend | undefined;
  /** The canary that took it. */
  readonly canary: string | undefined;
  /** Where the client was before. */
  readonly affinity: Affinity | undefined;
  /** No cookie for it: a canary that is asked anew each time. */
  readonly isUnbound: boolean;
}

/**
 * Where a request of the rule goes: where the client was before, else to the first canary that takes it, else by weight. A client
 * that was at the primary stays there, whatever a canary's header says (ingress-nginx), unless canaries are asked first each time.
 */
export function chooseBackend(
  rule: Rule,
  backends: readonly Backend[],
  view: RequestView,
  random: () => number,
): Choice {
  const { affinity: wanted, canaries } = rule;
  const affinity = wanted === undefined ? undefined : readAffinity(wanted, view);
  const isLegacy = wanted?.canary === 'legacy';
  const before = affinity === undefined ? undefined : formerBackend(rule, backends, affinity);
  if (before !== undefined && !isLegacy) return { ...before, affinity, isUnbound: false };
  const canary = canaries.length === 0 ? undefined : pickCanary(canaries, view, random);
  if (canary !== undefined) {
    return { backend: canary.backend, canary: canary.name, affinity, isUnbound: isLegacy };
  }
  const backend = before?.backend ?? pickBackend(backends, random);
  return { backend, canary: undefined, affinity, isUnbound: false };
}

/** `persistent` also where it gets no new clients any more. */
function formerBackend(
  { affinity: wanted, canaries }: Rule,
  backends: readonly Backend[],
  affinity: Affinity,
): Pick<Choice, 'backend' | 'canary'> | undefined {
  const isKept = ({ weight }: Backend): boolean => wanted?.mode === 'persistent' || weight > 0;
  const backend = backends.find((one) => isOf(affinity, one) && isKept(one));
  if (backend !== undefined) return { backend, canary: undefined };
  if (wanted?.canary === 'legacy') return undefined;
  const canary = canaries.find((one) => isOf(affinity, one.backend));
  return canary === undefined ? undefined : { backend: canary.backend, canary: canary.name };
}
