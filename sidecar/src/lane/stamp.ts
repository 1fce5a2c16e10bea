import { HEADERS } from '@lanekeeper/protocol/headers';
import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import type { HeaderEdit, HeaderReader } from '../wire/head.ts';
import { readBaggageMember, writeBaggageMember } from './baggage.ts';
import { readBridgeLanes, type TagCarriers } from './tag.ts';

/** Shared by every request whose headers stay as they are. */
export const NO_EDITS: readonly HeaderEdit[] = Object.freeze([]);

/**
 * The edits that make a request carry `lane`, and nothing else: our baggage member and every bridge header name it.
 *
 * - `base`: nothing is added; a tag that says `base` already stays (it tells the next hop for certain what it would otherwise
 *   infer), a tag that says anything else goes.
 * - A bridge header that names the lane already keeps its bytes (`service-lane: group/gray`); else it becomes the plain name.
 * - A lane that is no lane name (an invalid tag, escaped for logs) changes nothing: it is neither spread nor destroyed.
 */
export function stampEdits(
  headers: HeaderReader,
  lane: string,
  carriers: TagCarriers,
): readonly HeaderEdit[] {
  if (!isLaneName(lane)) return NO_EDITS;
  const edits: HeaderEdit[] = [];
  addEdit(edits, headers, HEADERS.baggage, stampedBaggage(headers, lane, carriers.baggageKey));
  for (const name of carriers.bridge) addEdit(edits, headers, name, stampedBridge(headers.get(name), lane));
  return edits.length === 0 ? NO_EDITS : edits;
}

export interface StripOptions extends TagCarriers {
  /** The bridge headers and `x-lanekeeper-*` go as well: a request from outside that nobody trusts. */
  readonly stripBridge: boolean;
}

/**
 * The edits that take our tag off: for a destination outside the mesh. Computed from the same headers as {@link stampEdits},
 * so never both for one request; a gateway that stamps what it does not trust uses {@link edgeEdits}.
 */
export function stripTag(headers: HeaderReader, options: StripOptions): readonly HeaderEdit[] {
  const edits: HeaderEdit[] = [];
  const field = headers.get(HEADERS.baggage);
  addEdit(edits, headers, HEADERS.baggage, writeBaggageMember(field, options.baggageKey, null));
  if (options.stripBridge) {
    for (const name of options.bridge) addEdit(edits, headers, name, undefined);
    stripOurHeaders(edits, headers);
  }
  return edits.length === 0 ? NO_EDITS : edits;
}

/** {@link stampEdits} for a request that came from outside: whatever it said of lanes is overwritten, `x-lanekeeper-*` goes. */
export function edgeEdits(headers: HeaderReader, lane: string, carriers: TagCarriers): readonly HeaderEdit[] {
  const edits = [...stampEdits(headers, lane, carriers)];
  stripOurHeaders(edits, headers);
  return edits.length === 0 ? NO_EDITS : edits;
}

function addEdit(edits: HeaderEdit[], headers: HeaderReader, name: string, value: string | undefined): void {
  if (headers.get(name) !== value) edits.push({ name, value: value ?? null });
}

const OUR_HEADERS = [HEADERS.explain, HEADERS.decision, HEADERS.hop];

function stripOurHeaders(edits: HeaderEdit[], headers: HeaderReader): void {
  for (const name of OUR_HEADERS) addEdit(edits, headers, name, undefined);
}

function stampedBaggage(headers: HeaderReader, lane: string, key: string): string | undefined {
  const field = headers.get(HEADERS.baggage);
  if (lane !== BASELINE) return writeBaggageMember(field, key, lane);
  const tags = readBaggageMember(field, key);
  return tags.every((tag) => tag === BASELINE || tag === '') ? field : writeBaggageMember(field, key, null);
}

function stampedBridge(value: string | undefined, lane: string): string | undefined {
  const named = readBridgeLanes(value);
  if (named.length > 0 && named.every((name) => name === lane)) return value;
  if (lane !== BASELINE) return lane;
  return named.length === 0 ? value : undefined;
}
