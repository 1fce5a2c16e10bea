import { HEADERS, HOP } from '@lanekeeper/protocol/headers';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { MeshSettings } from '@lanekeeper/protocol/model';
import { NO_EDITS, edgeEdits, stampEdits, stripTag } from '../lane/stamp.ts';
import type { HeaderEdit, HeaderReader, RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';
import { withEdgeEdits } from './edge/edge-handling.ts';

const FROM_ORIGIN: HeaderEdit = { name: HEADERS.hop, value: HOP.origin };
const CORRECTED: HeaderEdit = { name: HEADERS.hop, value: HOP.corrected };
const RELAYED: HeaderEdit = { name: HEADERS.hop, value: HOP.relayed };
const STRIPPED = [HEADERS.hop, HEADERS.explain, HEADERS.decision].map((name) => ({ name, value: null }));

/**
 * What changes in the head of a request on its way upstream. Within the mesh it carries its lane, so that an application that
 * forwards baggage carries it on, and who chose its endpoint; outside the mesh it carries neither.
 */
export function requestEdits(
  decision: Decision,
  head: RequestHead,
  direction: Direction,
  settings: MeshSettings,
): readonly HeaderEdit[] {
  if (decision.refusal !== undefined) return NO_EDITS;
  const bridge = decision.servicePort?.service.policy.evidence.bridge ?? settings.evidence.bridge;
  const carriers = { baggageKey: settings.baggageKey, bridge };
  const { headers } = head;
  const { lane } = decision.evidence;
  if (direction === 'gateway') {
    const ofLane = atEdge(edgeEdits(headers, lane, carriers));
    return decision.edge === undefined ? ofLane : withEdgeEdits(ofLane, decision.edge, head);
  }
  if (direction === 'inbound') {
    return join(stampEdits(headers, lane, carriers), inboundHop(decision, headers));
  }
  if (decision.servicePort !== undefined) return [...stampEdits(headers, lane, carriers), FROM_ORIGIN];
  return join(stripTag(headers, { ...carriers, stripBridge: false }), stripOwn(headers));
}

/** Handed to the application without; sent on with who did so. */
function inboundHop({ escape }: Decision, headers: HeaderReader): readonly HeaderEdit[] {
  if (escape === 'corrected') return [CORRECTED];
  if (escape !== 'relayed') return stripOwn(headers, HEADERS.hop);
  return [headers.get(HEADERS.hop) === HOP.corrected ? RELAYED : CORRECTED];
}

/** One edit a name: the edge has stripped the client's hop header where there was one. */
function atEdge(edits: readonly HeaderEdit[]): readonly HeaderEdit[] {
  return [...edits.filter((edit) => edit.name !== HEADERS.hop), FROM_ORIGIN];
}

/** Takes off those of our headers that are there; `only` one of them if given. */
function stripOwn(headers: HeaderReader, only?: string): readonly HeaderEdit[] {
  return STRIPPED.filter(
    ({ name }) => (only === undefined || name === only) && headers.get(name) !== undefined,
  );
}

function join(before: readonly HeaderEdit[], more: readonly HeaderEdit[]): readonly HeaderEdit[] {
  if (more.length === 0) return before;
  return before.length === 0 ? more : [...before, ...more];
}
