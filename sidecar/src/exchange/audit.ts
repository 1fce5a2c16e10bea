import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Direction } from '@lanekeeper/protocol/hop';
import { RUNGS, type Rung } from '@lanekeeper/protocol/reasons';
import { OTHER } from '@lanekeeper/runtime/metrics';
import type { HopRecord } from './hop-record.ts';

/** How well the lane tag travels between this workload and one peer: a caller (inbound) or a callee (outbound, gateway). */
export interface AuditRow {
  readonly direction: Direction;
  readonly peer: string;
  readonly requests: number;
  /** Of them, those that belong to a lane. */
  readonly inLane: number;
  /** Carried a tag when they reached this sidecar. */
  readonly cameTagged: number;
  /** Carried a tag when they left it. */
  readonly leftTagged: number;
  /** Had lost the tag on the way through an application; the sidecar found the lane again. */
  readonly recovered: number;
  /** Several lanes were possible, none was taken. */
  readonly ambiguous: number;
  readonly evidence: Readonly<Record<Rung, number>>;
  /** What the numbers say, in a sentence. */
  readonly finding: string;
}

/** Peers beyond this many share one row. */
const MAX_PEERS = 500;

export const UNKNOWN_PEER = 'unknown';
const OUTSIDE = 'outside the mesh';

type Counts = { -readonly [Key in keyof Omit<AuditRow, 'finding'>]: AuditRow[Key] } & {
  readonly evidence: Record<Rung, number>;
};

/** Propagation of the tag per peer, counted as requests end. */
export class Audit {
  readonly #rows: Readonly<Record<Direction, Map<string, Counts>>> = {
    inbound: new Map(),
    outbound: new Map(),
    gateway: new Map(),
  };

  /** `caller`: who sent an inbound request, where that is known. */
  count(record: HopRecord, caller: string | undefined): void {
    const { decision, direction } = record;
    const { lane, rung } = decision.evidence;
    const peer =
      direction === 'inbound' ? (caller ?? UNKNOWN_PEER) : (decision.servicePort?.service.id ?? OUTSIDE);
    const row = this.#row(direction, peer);
    const cameTagged = rung === 'baggage' || rung === 'bridge';
    row.requests++;
    row.evidence[rung]++;
    if (lane !== BASELINE) row.inLane++;
    if (cameTagged) row.cameTagged++;
    if (lane !== BASELINE && decision.refusal === undefined && decision.servicePort !== undefined)
      row.leftTagged++;
    if (lane !== BASELINE && (rung === 'trace' || rung === 'in-flight')) row.recovered++;
    if (decision.evidence.ambiguous) row.ambiguous++;
  }

  /** By direction, then by requests. */
  rows(): AuditRow[] {
    const all = Object.values(this.#rows).flatMap((rows) => [...rows.values()]);
    return all
      .sort((a, b) => a.direction.localeCompare(b.direction) || b.requests - a.requests)
      .map((row) => ({ ...row, evidence: { ...row.evidence }, finding: findingOf(row) }));
  }

  #row(direction: Direction, peer: string): Counts {
    const rows = this.#rows[direction];
    const known = rows.get(peer);
    if (known !== undefined) return known;
    const name = rows.size < MAX_PEERS ? peer : OTHER;
    const row = rows.get(name) ?? emptyRow(direction, name);
    rows.set(name, row);
    return row;
  }
}

function emptyRow(direction: Direction, peer: string): Counts {
  const evidence = Object.fromEntries(RUNGS.map((rung) => [rung, 0])) as Record<Rung, number>;
  const zero = { requests: 0, inLane: 0, cameTagged: 0, leftTagged: 0, recovered: 0, ambiguous: 0 };
  return { direction, peer, ...zero, evidence };
}

function findingOf(row: Counts): string {
  if (row.ambiguous > 0) {
    return `${row.ambiguous} of ${row.requests} could not be told apart: several lanes were in flight and no id links them; forward baggage or a trace header`;
  }
  if (row.inLane === 0) return 'no request of a lane so far';
  if (row.direction === 'outbound' && row.recovered > 0) {
    return `the application lost the tag in ${row.recovered} of ${row.inLane} requests of a lane; the sidecar found it again`;
  }
  if (row.direction === 'outbound' && row.evidence.workload > 0) {
    return `${row.evidence.workload} of ${row.inLane} requests carried no tag and took the lane of this workload`;
  }
  if (row.direction === 'inbound' && row.cameTagged < row.inLane) {
    return `${row.inLane - row.cameTagged} of ${row.inLane} requests of a lane came without a tag`;
  }
  return 'the tag travels';
}
