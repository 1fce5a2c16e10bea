import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { ColourRule } from '@lanekeeper/protocol/model';
import { NO_RULES, wantedLanes, type LaneRules, type WantedLane } from './lane-content.ts';

/** A lane on its way into force. */
export interface StagedLane extends WantedLane {
  /** The rules that are published: those wanted, or the ones of before while the lane waits. */
  readonly published: LaneRules;
  /** Undefined: nothing is waited for. */
  readonly waitingSinceMs: number | undefined;
  /** It has waited for too long; its rules are in force all the same. */
  readonly isOverdue: boolean;
}

/** What is published, and what is held back of what sources want. Immutable. */
export interface Stage {
  readonly lanes: ReadonlyMap<string, StagedLane>;
  readonly colouring: readonly ColourRule[];
  /** As sources want it. */
  readonly wanted: MeshPart;
}

/** A lane that another replica holds back, and the rules that it publishes meanwhile. */
export interface HeldLane {
  readonly routing: string;
  readonly published: LaneRules;
}

/** Everything at once, for nobody has been told anything else; but what others hold back by now. */
export function firstStage(wanted: MeshPart, held: ReadonlyMap<string, HeldLane>, nowMs: number): Stage {
  const lanes = wantedLanes(wanted).map((lane): StagedLane => {
    const waiting = held.get(lane.key);
    if (waiting?.routing !== lane.routing) return opened(lane);
    return { ...lane, published: waiting.published, waitingSinceMs: nowMs, isOverdue: false };
  });
  return withColouring(lanes, wanted, []);
}

/**
 * What follows when sources want something else: routing is published at once. A lane whose routing is another one waits with the
 * rules that it has, a new one with none; where only rules have changed, they change at once, unless the lane waits already.
 */
export function nextStage(before: Stage, wanted: MeshPart, nowMs: number): Stage {
  const lanes = wantedLanes(wanted).map((lane) => follow(before.lanes.get(lane.key), lane, nowMs));
  return withColouring(lanes, wanted, before.colouring);
}

function follow(before: StagedLane | undefined, lane: WantedLane, nowMs: number): StagedLane {
  const isSameRouting = before?.routing === lane.routing;
  if (isSameRouting && before.waitingSinceMs === undefined) return opened(lane);
  const waitingSinceMs = isSameRouting ? before.waitingSinceMs : nowMs;
  const isOverdue = isSameRouting && before.isOverdue;
  // A lane that is to get no requests any more gets none at once.
  const mayPublish = isOverdue || lane.rules.match.length === 0;
  const published = mayPublish ? lane.rules : (before?.published ?? NO_RULES);
  return { ...lane, published, waitingSinceMs, isOverdue };
}

/** What follows when sidecars have acknowledged something, or time has passed; `before` itself where nothing does. */
export function settle(before: Stage, settlement: Settlement): Stage {
  const old = [...before.lanes.values()];
  const lanes = old.map((lane) => settleLane(lane, settlement));
  const isSame = lanes.every((lane, index) => lane === old[index]);
  return isSame ? before : withColouring(lanes, before.wanted, before.colouring);
}

function settleLane(lane: StagedLane, { isRouted, nowMs, timeoutMs }: Settlement): StagedLane {
  if (lane.waitingSinceMs === undefined) return lane;
  if (isRouted(lane)) return opened(lane);
  const isOverdue = nowMs - lane.waitingSinceMs >= timeoutMs;
  return isOverdue && !lane.isOverdue ? { ...lane, published: lane.rules, isOverdue } : lane;
}

export interface Settlement {
  /** All sidecars that are concerned have acknowledged its routing. */
  readonly isRouted: (lane: StagedLane) => boolean;
  readonly nowMs: number;
  readonly timeoutMs: number;
}

/** The mesh part to publish. */
export function publishedMesh({ wanted, lanes, colouring }: Stage): MeshPart {
  const staged = [...lanes.values()].map(({ lane, published }) => ({ ...lane, ...published }));
  return { ...wanted, lanes: staged, colouring };
}

/** Something of it is held back. */
export function isHeld({ waitingSinceMs, isOverdue }: StagedLane): boolean {
  return waitingSinceMs !== undefined && !isOverdue;
}

function opened(lane: WantedLane): StagedLane {
  return { ...lane, published: lane.rules, waitingSinceMs: undefined, isOverdue: false };
}

/** Rules beside lanes wait as those of the lane do into which they colour. */
function withColouring(lanes: readonly StagedLane[], wanted: MeshPart, before: readonly ColourRule[]): Stage {
  const held = new Set(lanes.filter(isHeld).map(({ lane }) => lane.name));
  const known = new Map(before.map((rule) => [rule.name, rule]));
  const colouring = wanted.colouring.flatMap((rule) =>
    held.has(rule.lane) ? (known.get(rule.name) ?? []) : [rule],
  );
  return { lanes: new Map(lanes.map((lane) => [lane.key, lane])), colouring, wanted };
}
