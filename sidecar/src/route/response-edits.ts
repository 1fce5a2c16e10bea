import { HEADERS } from '@lanekeeper/protocol/headers';
import type { MeshSettings } from '@lanekeeper/protocol/model';
import { NO_EDITS } from '../lane/stamp.ts';
import type { HeaderEdit, RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';

/** The decision in the response, for a request that asks for it and where the mesh's settings allow it. */
export function responseEdits(
  decision: Decision,
  head: RequestHead,
  settings: MeshSettings,
): readonly HeaderEdit[] {
  if (!settings.explainHeader || head.headers.get(HEADERS.explain) !== '1') return NO_EDITS;
  return [{ name: HEADERS.decision, value: decisionLine(decision) }];
}

/** `lane=gray; rung=baggage; evidence="baggage lane=gray"; service=default/b:80; subset=base; ...`, one line of ASCII. */
export function decisionLine(decision: Decision): string {
  const { evidence, servicePort, fallback, endpoint, chosen, refusal } = decision;
  const parts: readonly (readonly [name: string, value: string | undefined])[] = [
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
