import type { Direction, HopEndpoint } from '@lanekeeper/protocol/hop';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import { DROP_REASONS, FALLBACK_REASONS } from '@lanekeeper/protocol/reasons';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { PROXY_ERRORS } from '../proxy-error.ts';
import type { Decision, EscapeKind, Fallback } from './decision.ts';
import { describeDecision } from './describe-decision.ts';
import type { Dropped, Endpoint } from './snapshot.ts';

/** What one lane gets, as plain JSON. */
export interface Outcome {
  readonly lane: string;
  /** The gateway's rule that the request matched; null: none had a say. */
  readonly route: string | null;
  readonly subset: string | null;
  readonly fallback: (Fallback & { readonly sentence: string }) | null;
  readonly dropped: readonly ExplainedDrop[];
  readonly endpoint: HopEndpoint | null;
  /** The endpoint that the client chose by itself; null: it left the choice to us. */
  readonly chosen: HopEndpoint | null;
  /** Where the proxy would connect to. */
  readonly target: string | null;
  readonly escape: EscapeKind | null;
  readonly refusal: { readonly code: string; readonly status: number; readonly message: string } | null;
  readonly why: string;
}

export interface ExplainedDrop {
  readonly endpoint: string;
  readonly reason: DropReason;
  readonly sentence: string;
}

export function outcomeOf(decision: Decision, direction: Direction): Outcome {
  const { fallback, endpoint, chosen, target, refusal } = decision;
  return {
    lane: decision.evidence.lane,
    route: decision.edge?.rule.name ?? null,
    subset: decision.subset ?? null,
    fallback: fallback === undefined ? null : { ...fallback, sentence: FALLBACK_REASONS[fallback.reason] },
    dropped: decision.dropped.map(explainDrop),
    endpoint: endpoint === undefined ? null : hopEndpoint(endpoint),
    chosen: chosen === undefined ? null : hopEndpoint(chosen),
    target: target === undefined ? null : formatAddress(target),
    escape: decision.escape ?? null,
    refusal:
      refusal === undefined
        ? null
        : { code: refusal.code, status: PROXY_ERRORS[refusal.code].http, message: refusal.message },
    why: describeDecision(decision, direction),
  };
}

/** The endpoint as hops and explanations show it. */
export function hopEndpoint(endpoint: Endpoint): HopEndpoint {
  const { key, pod, lane, source } = endpoint;
  return { address: key, pod: pod ?? null, lane, source };
}

function explainDrop({ endpoint, reason }: Dropped): ExplainedDrop {
  return { endpoint, reason, sentence: DROP_REASONS[reason] };
}
