import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { decodeHeldRules } from './held-rules.ts';
import type { LaneStatement, ReplicaLanes } from './lane-statement.ts';

/** Each replica writes under a key of its own; who takes a key away writes null. */
const PREFIX = 'lanes.';
const SUFFIX = '.json';

/** Rules that are held back travel with a statement, so that a replica that starts holds them back as well; larger ones do not. */
const MAX_RULES_CHARS = 20_000;
/** Of one replica: a ConfigMap has room for 1 MiB. */
const MAX_CHARS = 150_000;

export function noteKey(replica: string): string {
  return `${PREFIX}${replica}${SUFFIX}`;
}

/** Those that come first, where there is no room for all. */
export function writeLanes(lanes: ReplicaLanes): string {
  let room = MAX_CHARS;
  const entries = [...lanes].map(([key, { held, ...count }]) => {
    const isSmall = held !== undefined && JSON.stringify(held).length <= MAX_RULES_CHARS;
    return `${JSON.stringify(key)}:${JSON.stringify(isSmall ? { ...count, held } : count)}`;
  });
  return `{${entries.filter((entry) => (room -= entry.length) >= 0).join(',')}}`;
}

/** What replicas have written, by replica; what cannot be read is left out. */
export function readNotes(map: KubeObject): ReadonlyMap<string, ReplicaLanes> {
  const notes = new Map<string, ReplicaLanes>();
  for (const [key, text] of Object.entries(fieldsOf(map['data']))) {
    if (!key.startsWith(PREFIX) || !key.endsWith(SUFFIX) || typeof text !== 'string') continue;
    const lanes = readLanes(text);
    if (lanes !== undefined) notes.set(key.slice(PREFIX.length, -SUFFIX.length), lanes);
  }
  return notes;
}

function readLanes(text: string): ReplicaLanes | undefined {
  try {
    const lanes = new Map<string, LaneStatement>();
    for (const [key, value] of Object.entries(fieldsOf(JSON.parse(text)))) {
      const statement = readStatement(fieldsOf(value));
      if (statement !== undefined) lanes.set(key, statement);
    }
    return lanes;
  } catch {
    return undefined;
  }
}

/** A replica of a neighbouring version may write something else. */
function readStatement(fields: Readonly<Record<string, unknown>>): LaneStatement | undefined {
  const { routing, rules, of, routed, whole, missing } = fields;
  if (typeof routing !== 'string' || typeof rules !== 'string') return undefined;
  if (typeof of !== 'number' || typeof routed !== 'number' || typeof whole !== 'number') return undefined;
  const names = Array.isArray(missing) ? missing.filter((name) => typeof name === 'string') : [];
  const held = decodeHeldRules(fields['held']);
  return { routing, rules, of, routed, whole, missing: names, ...(held === undefined ? {} : { held }) };
}
