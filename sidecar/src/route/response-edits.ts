import { HEADERS } from '@lanekeeper/protocol/headers';
import type { MeshSettings } from '@lanekeeper/protocol/model';
import { NO_EDITS } from '../lane/stamp.ts';
import type { HeaderEdit, RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';
import { edgeResponseEdits } from './edge/edge-handling.ts';
import { stickyCookie } from './sticky-cookie.ts';

/** What changes in the response's head: what a gateway's rule wants, and the decision, for a request that asks for it and where the mesh's settings allow it. */
export function responseEdits(
  decision: Decision,
  head: RequestHead,
  settings: MeshSettings,
): readonly HeaderEdit[] {
  const ofEdge = decision.edge === undefined ? NO_EDITS : edgeResponseEdits(decision, head);
  const edits = withKey(ofEdge, decision);
  if (!settings.explainHeader || head.headers.get(HEADERS.explain) !== '1') return edits;
  return [...edits, { name: HEADERS.decision, value: decisionLine(decision) }];
}

function withKey(edits: readonly HeaderEdit[], { evidence, edge }: Decision): readonly HeaderEdit[] {
  if (evidence.newKey === undefined) return edits;
  return [...edits, stickyCookie(evidence.newKey, edge?.listener.protocol === 'https')];
}

/** `lane=gray; rung=baggage; evidence="baggage lane=gray"; service=default/b:80; subset=base; ...`, one line of ASCII. */
export function decisionLine(decision: Decision): string {
  const { evidence, servicePort, fallback, endpoint, chosen, refusal, edge } = decision;
  const parts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['route', edge === undefined ? undefined : `"${edge.rule.name}"`],
    ['lane', evidence.lane],
    ['rung', evidence.rung],
    ['evidence', `"${evidence.detail}"`],
    ['ambiguous', evidence.ambiguous ? 'true' : undefined],
    ['service', servicePort === undefined ? undefined : `${servicePort.service.id}:${servicePort.port}`],
    ['subset', decision.subset],
    ['fallback', fallback?.reason],
    ['endpoint', endpoint?.key],
    ['chosen', chosen?.key],
    ['escape', decision.escape],
    ['refusal', refusal?.code],
    ['generation', decision.generation],
  ];
  const present = parts.filter(([, value]) => value !== undefined);
  return visible(present.map(([name, value]) => `${name}=${value ?? ''}`).join('; '));
}

/** Parts of the line come from the request: nothing of it may end the header. */
function visible(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
