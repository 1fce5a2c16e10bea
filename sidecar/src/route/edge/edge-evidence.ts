import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import type { Evidence } from '../../lane/evidence.ts';
import { readBridgeLanes } from '../../lane/tag.ts';
import type { Choice } from './choose-backend.ts';
import type { Backend, Rule } from './edge-table.ts';

/** The lane that the edge's own configuration gives a request, whatever it says itself; undefined: none. */
export function edgeEvidence(
  rule: Rule,
  { backend, canary }: Choice,
  bridge: readonly string[],
): Evidence | undefined {
  const lane = backend === undefined ? undefined : laneOf(backend);
  if (lane !== undefined) {
    const detail = canary === undefined ? `${rule.name} to ${backend?.name ?? ''}` : `canary ${canary}`;
    return { lane, rung: 'rule', detail, ambiguous: false };
  }
  if (bridge.length === 0) return undefined;
  const written = writtenLane([...rule.requestEdits, ...(backend?.requestEdits ?? [])], bridge);
  if (written === undefined) return undefined;
  const who = canary === undefined ? rule.name : `canary ${canary}`;
  return { lane: written.lane, rung: 'rule', detail: `${who} sets ${written.name}`, ambiguous: false };
}

/** Endpoints of a lane would send on what is not of it. The baseline serves every lane. */
function laneOf({ lane, subset }: Backend): string | undefined {
  return lane ?? (subset === BASELINE ? undefined : subset);
}

/** A header by which the group names lanes, set by a rule (`x-mse-tag: gray`): the next hop would read it as a tag. */
function writtenLane(
  edits: Rule['requestEdits'],
  bridge: readonly string[],
): { readonly lane: string; readonly name: string } | undefined {
  const edit = edits.findLast(({ name, value }) => value !== null && bridge.includes(name));
  const [lane] = readBridgeLanes(edit?.value ?? undefined);
  return edit === undefined || lane === undefined || !isLaneName(lane)
    ? undefined
    : { lane, name: edit.name };
}
