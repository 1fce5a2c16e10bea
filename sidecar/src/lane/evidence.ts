import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EvidenceConfig, MeshSettings } from '@lanekeeper/protocol/model';
import type { Rung } from '@lanekeeper/protocol/reasons';
import type { RequestHead } from '../wire/head.ts';
import type { Workload } from '../workload.ts';
import type { RequestOrigin } from './condition.ts';
import type { CompiledRule } from './match-rule.ts';
import { RequestView } from './request-view.ts';
import type { RuleSet } from './rule-set.ts';
import { readTag, type TagConflict } from './tag.ts';
import { readTraceIds } from './trace-ids.ts';

/** Which lane a request belongs to, and how that is known. */
export interface Evidence {
  /** A lane name, or `base`. */
  readonly lane: string;
  readonly rung: Rung;
  /** Where it was found, for people: `baggage lane=gray`, `x-request-id`, `rule gray#0`. */
  readonly detail: string;
  /** Several lanes are in flight and nothing links the request to one of them. */
  readonly ambiguous: boolean;
  /** The key by which the client is known from now on: a rule asked for it, and the client is to be given it in a cookie. */
  readonly newKey?: string | undefined;
}

/** What the ladder climbs on, besides the request itself. */
export interface EvidenceContext {
  readonly settings: MeshSettings;
  /** Of the destination's lane group. */
  readonly policy: { readonly evidence: EvidenceConfig };
  readonly workload: Workload;
  /** The rules that colour at this place; empty where it is no entry. */
  readonly rules: RuleSet;
  readonly links: TraceLinks;
  readonly inFlight: InFlightView;
  /** What rules may look at beside the head. */
  readonly origin: RequestOrigin;
}

/** Ids of inbound requests seen by this sidecar, and their lanes. */
export interface TraceLinks {
  /** The lane (or `base`) of the inbound request that carried `id`; {@link SEVERAL} when two lanes did; undefined: never seen. */
  lookup(id: string): string | undefined;
}

/** Inbound requests now in flight in this workload. */
export interface InFlightView {
  /** The one lane (or `base`) that all of them are of; {@link SEVERAL}; undefined when none is in flight. */
  verdict(): string | undefined;
}

/** Not a lane name: no DNS label has a space. */
export const SEVERAL = 'several lanes';

/** What an inbound side does with a request that nothing tags: `correct` takes it for baseline, `adopt` for the workload's lane. */
export type UntaggedInbound = 'correct' | 'adopt';

/**
 * The lane of a request that this workload makes: the ladder of docs/lanes.md, first hit wins. A tag is the application's own
 * word and stands before the rules, but for those that overwrite it. Undefined `head`: opaque bytes, only what is known
 * without reading them counts.
 */
export function readOutboundEvidence(
  head: RequestHead | undefined,
  context: EvidenceContext,
): Evidence | TagConflict {
  if (head === undefined) return inferLane(context);
  return readExplicitEvidence(head, context) ?? readTraceEvidence(head, context) ?? inferLane(context);
}

/** The lane of a request that arrives at this workload: its tag, else the rules that colour here, else what is untagged is. */
export function readInboundEvidence(
  head: RequestHead,
  context: EvidenceContext,
  untagged: UntaggedInbound,
): Evidence | TagConflict {
  const explicit = readExplicitEvidence(head, context);
  if (explicit !== undefined) return explicit;
  return (untagged === 'adopt' ? ofWorkload(context.workload) : undefined) ?? NO_EVIDENCE;
}

/** The lane of a request from outside: a tag counts only where the edge is told to trust it, else the rules decide alone. */
export function readGatewayEvidence(
  view: RequestView,
  context: EvidenceContext,
  options: { readonly trustIncomingTag: boolean },
): Evidence | TagConflict {
  const tag = options.trustIncomingTag ? readTagEvidence(view.head, context) : undefined;
  const evidence = byTagOrRule(tag, view, context.rules) ?? NO_EVIDENCE;
  // Also where no rule matched: the client must be told apart by the same key next time.
  return view.newKey === undefined || 'conflict' in evidence
    ? evidence
    : { ...evidence, newKey: view.newKey };
}

const NO_EVIDENCE: Evidence = Object.freeze({
  lane: BASELINE,
  rung: 'none',
  detail: 'nothing names a lane',
  ambiguous: false,
});

function readTagEvidence(head: RequestHead, context: EvidenceContext): Evidence | TagConflict | undefined {
  const { baggageKey } = context.settings;
  const tag = readTag(head, { baggageKey, bridge: context.policy.evidence.bridge });
  if (tag === undefined || 'conflict' in tag) return tag;
  return { lane: tag.lane, rung: tag.source, detail: tag.detail, ambiguous: false };
}

function readExplicitEvidence(
  head: RequestHead,
  context: EvidenceContext,
): Evidence | TagConflict | undefined {
  const tag = readTagEvidence(head, context);
  if (context.rules.rules.length === 0) return tag;
  return byTagOrRule(tag, new RequestView(head, context.origin), context.rules);
}

/** A tag that is trusted wins over all rules but those that say otherwise (docs/adr/0003). */
function byTagOrRule(
  tag: Evidence | TagConflict | undefined,
  view: RequestView,
  rules: RuleSet,
): Evidence | TagConflict | undefined {
  if (tag === undefined) return ofRule(rules.find(view));
  const rule = rules.overwriting?.find(view);
  if (rule === undefined) return tag;
  return ofRule(rule, ` instead of ${'conflict' in tag ? tag.conflict : tag.detail}`);
}

function ofRule(rule: CompiledRule | undefined, instead = ''): Evidence | undefined {
  if (rule === undefined) return undefined;
  return { lane: rule.lane, rung: 'rule', detail: `rule ${rule.label}${instead}`, ambiguous: false };
}

/**
 * The lane that the ids of the request agree on. An id that several lanes carried (a constant, a test client's) says less than
 * one that a single lane carried; where no id decides, or two decide differently, the answer is ambiguous.
 */
function readTraceEvidence(head: RequestHead, context: EvidenceContext): Evidence | undefined {
  if (!context.policy.evidence.trace) return undefined;
  let found: { readonly lane: string; readonly header: string } | undefined;
  for (const { id, header } of readTraceIds(head.headers, context.settings.traceHeaders)) {
    const lane = context.links.lookup(id);
    if (lane === undefined || lane === found?.lane) continue;
    if (found === undefined || found.lane === SEVERAL) found = { lane, header };
    else if (lane !== SEVERAL) return ambiguous(context, `${found.header} and ${header} link to two lanes`);
  }
  if (found === undefined) return undefined;
  if (found.lane === SEVERAL) return ambiguous(context, `${found.header} links to several lanes`);
  return { lane: found.lane, rung: 'trace', detail: found.header, ambiguous: false };
}

/** The rungs that need no request: in-flight, workload, none. */
function inferLane(context: EvidenceContext): Evidence {
  const lane = context.policy.evidence.inFlight ? context.inFlight.verdict() : undefined;
  if (lane === SEVERAL) return ambiguous(context, 'several lanes are in flight');
  if (lane === undefined) return ofWorkload(context.workload) ?? NO_EVIDENCE;
  return { lane, rung: 'in-flight', detail: 'all inbound requests in flight', ambiguous: false };
}

/** A pod's own lane, where it has one. */
function ofWorkload(workload: Workload): Evidence | undefined {
  if (workload.lane === BASELINE) return undefined;
  return { lane: workload.lane, rung: 'workload', detail: 'lane of the workload', ambiguous: false };
}

/** Never a guess: the workload's own lane or the baseline, and marked, so that strict mode can refuse. */
function ambiguous({ workload }: EvidenceContext, detail: string): Evidence {
  const rung = workload.lane === BASELINE ? 'none' : 'workload';
  return { lane: workload.lane, rung, detail, ambiguous: true };
}
