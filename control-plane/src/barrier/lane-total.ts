import type { LaneCount } from './count-acks.ts';
import type { LaneAck } from './lane-acks.ts';
import { rulesHash } from './lane-content.ts';
import type { ReplicaLanes } from './lane-statement.ts';
import type { StagedLane } from './stage.ts';

/** A lane's sidecars, of all replicas. */
export interface LaneTotal extends LaneCount {
  /** Replicas that have not said yet how far their sidecars are with this routing. */
  readonly silent: readonly string[];
}

const NAMED = 3;

export function totalOf(
  lane: StagedLane,
  own: LaneCount,
  others: ReadonlyMap<string, ReplicaLanes>,
): LaneTotal {
  const { key, routing } = lane;
  const said = [...others].map(([replica, lanes]) => ({ replica, statement: lanes.get(key) }));
  const counts = said.flatMap(({ statement }) => statement ?? []);
  const same = counts.filter((statement) => statement.routing === routing);
  const wanted = rulesHash(lane.rules);
  // While a lane waits, who lacks only its rules is not missed.
  const missed = [own, ...counts].filter(
    (count) => lane.waitingSinceMs === undefined || count.routed < count.of,
  );
  return {
    of: sum([own, ...counts].map(({ of }) => of)),
    routed: sum([own, ...same].map(({ routed }) => routed)),
    whole: own.whole + sum(same.filter(({ rules }) => rules === wanted).map(({ whole }) => whole)),
    missing: missed.flatMap(({ missing }) => missing).slice(0, NAMED),
    silent: said.filter(({ statement }) => statement?.routing !== routing).map(({ replica }) => replica),
  };
}

/** Every sidecar that is concerned routes the lane as it is to be. */
export function isRouted({ of, routed, silent }: LaneTotal): boolean {
  return routed === of && silent.length === 0;
}

export function ackOf(lane: StagedLane, total: LaneTotal, timeoutMs: number): LaneAck {
  const { of, routed, whole, missing } = total;
  const generation = lane.routing;
  if (lane.waitingSinceMs === undefined)
    return { generation, acknowledged: whole, of, state: 'open', missing };
  const why = lack(total);
  const late = `its rules are in force without all of its sidecars, after ${timeoutMs / 1000} s: ${why}`;
  return {
    ...{ generation, acknowledged: routed, of, missing },
    state: lane.isOverdue ? 'timed-out' : 'waiting',
    reason: lane.isOverdue ? late : `its new rules wait: ${why}`,
  };
}

function lack({ of, routed, missing, silent }: LaneTotal): string {
  const pods =
    missing.length === 0 ? '' : ` (${missing.join(', ')}${of - routed > missing.length ? ', …' : ''})`;
  return [
    ...(routed < of ? [`${of - routed} of ${of} sidecars have not acknowledged its routing${pods}`] : []),
    ...silent.map((replica) => `the control plane ${replica} has not said how far its sidecars are`),
  ].join('; ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
