import type { LaneRules } from './lane-content.ts';
import type { LaneCount } from './count-acks.ts';

/** What one replica says of one lane to the others. */
export interface LaneStatement extends LaneCount {
  /** Hash of the routing that it publishes. */
  readonly routing: string;
  /** Hash of the rules that it wants to publish, or does. */
  readonly rules: string;
  /** Set while it holds the rules back: those that it publishes meanwhile. */
  readonly held?: LaneRules;
}

/** By lane. */
export type ReplicaLanes = ReadonlyMap<string, LaneStatement>;

/** How replicas hear of each other's sidecars. */
export interface LaneSharing {
  /** By replica: what those that are there have said. */
  others(): ReadonlyMap<string, ReplicaLanes>;
  /** Tells the others; `now`: somebody waits for it. */
  say(lanes: ReplicaLanes, urgency: 'now' | 'soon'): void;
  /** Told when others have said something. */
  subscribe(listener: () => void): void;
  /** Resolves when what others have said is known, or cannot be soon. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Of a replica that is the only one, or cannot hear of others. */
export function alone(): LaneSharing {
  const none: ReadonlyMap<string, ReplicaLanes> = new Map();
  return {
    others: () => none,
    say: () => undefined,
    subscribe: () => undefined,
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
