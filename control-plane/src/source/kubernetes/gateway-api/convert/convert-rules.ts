import type { EdgeAction, EdgeRule } from '@lanekeeper/protocol/edge';
import type { RankedRule } from '../../edge/sort-rules.ts';
import type { KubeRoute } from '../objects.ts';
import { draftRules, type RuleDraft } from './draft-rules.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import type { IsGranted } from './reference-grants.ts';
import type { Refusal } from './refusal.ts';
import { resolveBackends, resolveMirrors, type BackendContext } from './resolve-backends.ts';

export interface ConvertedRoute {
  /** In the order of the route. */
  readonly rules: readonly RankedRule[];
  /** What it names and cannot be had; the first reason, all sentences. */
  readonly unresolved: Refusal | undefined;
}

export interface RuleContext {
  readonly view: GatewayApiView;
  readonly isGranted: IsGranted;
}

export function convertRules(route: KubeRoute, { view, isGranted }: RuleContext): ConvertedRoute {
  const refusals: Refusal[] = [];
  const context = { route, view, isGranted, refuse: (refusal: Refusal) => void refusals.push(refusal) };
  const rules = draftRules(route).flatMap((draft) => convertRule(draft, context));
  return { rules, unresolved: together(refusals) };
}

function together(refusals: readonly Refusal[]): Refusal | undefined {
  const [first] = refusals;
  if (first === undefined) return undefined;
  return { ...first, message: [...new Set(refusals.map(({ message }) => message))].join('; ') };
}

function convertRule(draft: RuleDraft, context: BackendContext): readonly RankedRule[] {
  const { kind, meta } = context.route;
  const origin = `${meta.namespace}/${meta.name}`;
  const common = draft.problems.length > 0 ? broken(draft) : served(draft, context);
  return draft.matches.map(({ match, weights, place }) => ({
    rule: { name: `${kind} ${origin}: ${draft.label}, match ${place}`, match, ...common },
    ...{ weights, origin, createdAt: meta.createdAt },
  }));
}

/** Of what gateways are told; the status says all. */
const MOST_IN_REASON = 300;

type Common = Omit<EdgeRule, 'name' | 'match'>;

/** Were it left out, its requests would go where a wider rule sends them, without what this one should have done. */
function broken({ label, problems }: RuleDraft): Common {
  const why = problems.map(({ message }) => message).join(', ');
  const reason = `${label} is not served: ${why}`.slice(0, MOST_IN_REASON);
  return { action: { kind: 'reply', status: 500, reason } };
}

function served({ filters, backends, timeouts }: RuleDraft, context: BackendContext): Common {
  const { redirect, mirrors: copies, ...others } = filters;
  const mirrors = resolveMirrors(copies, context);
  const resolved = resolveBackends(backends, context);
  const action: EdgeAction = redirect === undefined ? actionOf(resolved) : { kind: 'redirect', ...redirect };
  return {
    action,
    ...others,
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(timeouts === undefined ? {} : { timeouts }),
  };
}

function actionOf(backends: Extract<EdgeAction, { kind: 'forward' }>['backends']): EdgeAction {
  if (backends.length === 0) return { kind: 'reply', status: 500, reason: 'the rule has no backendRefs' };
  if (backends.some(({ weight }) => weight > 0)) return { kind: 'forward', backends };
  return { kind: 'reply', status: 500, reason: 'all backendRefs of the rule have the weight 0' };
}
