import { HEADERS } from '@lanekeeper/protocol/headers';
import { isLaneName } from '@lanekeeper/protocol/lane-name';
import type { HeaderReader } from '../wire/head.ts';
import { readBaggageMember } from './baggage.ts';

/** The request carries two different tags: an error, never a pick. */
export interface TagConflict {
  readonly conflict: string;
}

/** Where the mesh keeps its tag. */
export interface TagCarriers {
  /** Key of our baggage member. */
  readonly baggageKey: string;
  /** Foreign headers that carry a lane name, lower-case. */
  readonly bridge: readonly string[];
}

/** The lane that a request says it is of. */
export interface Tag {
  /** A lane name, `base`, or what is left of a name that cannot be one: then never a valid name, and safe to log. */
  readonly lane: string;
  readonly source: 'baggage' | 'bridge';
  /** `baggage lane=gray`, `x-mse-tag: gray`. */
  readonly detail: string;
}

interface TagHolder {
  readonly headers: HeaderReader;
}

const MAX_LOGGED = 63;

/**
 * The tag of a request: our baggage member, or the headers of foreign conventions. Equal tags in several places are one tag;
 * two different ones are a conflict, never a pick. An empty value says nothing and is no tag. Undefined: not tagged.
 */
export function readTag(head: TagHolder, carriers: TagCarriers): Tag | TagConflict | undefined {
  const { baggageKey, bridge } = carriers;
  let found: FoundTag | undefined;
  for (const lane of readBaggageMember(head.headers.get(HEADERS.baggage), baggageKey)) {
    if (lane === '' || lane === found?.lane) continue;
    if (found !== undefined) return conflictOf(found, { lane, carrier: baggageKey, source: 'baggage' });
    found = { lane, carrier: baggageKey, source: 'baggage' };
  }
  for (const name of bridge) {
    for (const lane of readBridgeLanes(head.headers.get(name))) {
      if (lane === found?.lane) continue;
      if (found !== undefined) return conflictOf(found, { lane, carrier: name, source: 'bridge' });
      found = { lane, carrier: name, source: 'bridge' };
    }
  }
  return found === undefined ? undefined : toTag(found);
}

/**
 * The lanes that a bridge header names, usually one; several where the field was sent twice. The value is the lane; of a value
 * with slashes it is the part after the last one (Polaris writes `service-lane: <group>/<rule>`).
 */
export function readBridgeLanes(value: string | undefined): readonly string[] {
  if (value === undefined) return NO_LANES;
  return value
    .split(',')
    .map((part) => part.slice(part.lastIndexOf('/') + 1).trim())
    .filter((lane) => lane !== '');
}

const NO_LANES: readonly string[] = Object.freeze([]);

/** As the request spells it, compared before anything is cut or escaped. */
interface FoundTag {
  readonly lane: string;
  readonly carrier: string;
  readonly source: 'baggage' | 'bridge';
}

function toTag(found: FoundTag): Tag {
  return { lane: toLoggable(found.lane), source: found.source, detail: describe(found) };
}

function conflictOf(first: FoundTag, second: FoundTag): TagConflict {
  return { conflict: `${describe(first)}, but ${describe(second)}` };
}

function describe({ lane, carrier, source }: FoundTag): string {
  const name = toLoggable(lane);
  return source === 'baggage' ? `baggage ${carrier}=${name}` : `${carrier}: ${name}`;
}

/** A valid name as it is. Others in at most 63 visible ASCII characters that are no valid name either. */
function toLoggable(lane: string): string {
  if (isLaneName(lane)) return lane;
  const visible = lane.slice(0, MAX_LOGGED).replace(/[^!-~]/g, '?');
  return lane.length > MAX_LOGGED ? `${visible.slice(0, -1)}~` : visible;
}
