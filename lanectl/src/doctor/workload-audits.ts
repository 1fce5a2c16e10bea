import { listAt, numberAt, recordAt, textAt, type Json } from '@lanekeeper/lint/read/json';
import type { AskedPods } from '../cluster/ask-all.ts';
import { nameOf, type SidecarPod } from '../cluster/sidecar-pods.ts';

/** What the sidecars of one workload have counted together (`GET /audit`). */
export interface WorkloadAudit {
  /** Of one app and one lane. */
  readonly pods: readonly SidecarPod[];
  /** Requests that came, and those among them that are of a lane. */
  readonly came: number;
  readonly cameInLane: number;
  readonly callees: readonly CalleeCounts[];
}

/** Calls to one service that is in a lane group. */
export interface CalleeCounts {
  /** `shop/b` */
  readonly peer: string;
  readonly group: string;
  readonly requests: number;
  readonly inLane: number;
  /** The application had put a tag on them. */
  readonly cameTagged: number;
  /** Were brought to a lane, or to the baseline, by an id. */
  readonly byTrace: number;
  /** Of which nothing was known. */
  readonly unknown: number;
  /** Those among them that may have been of one of several lanes. */
  readonly ambiguous: number;
}

/** Sidecars of versions that do not say the group of a peer tell nothing. Gateways make no calls of their own. */
export function workloadAudits({ answers }: AskedPods): readonly WorkloadAudit[] {
  const workloads = Map.groupBy(
    answers.filter(({ pod }) => !pod.isGateway).sort((a, b) => (nameOf(a.pod) < nameOf(b.pod) ? -1 : 1)),
    ({ pod: { namespace, app, lane, name } }) => `${namespace} ${app === '' ? name : app} ${lane}`,
  );
  return [...workloads.values()].map((own) => {
    const rows = own.flatMap(({ answer }) => listAt(recordAt(answer), 'peers').map((row) => recordAt(row)));
    const inbound = rows.filter((row) => row['direction'] === 'inbound');
    return {
      pods: own.map(({ pod }) => pod),
      came: sum(inbound, 'requests'),
      cameInLane: sum(inbound, 'inLane'),
      callees: calleesIn(rows.filter((row) => row['direction'] === 'outbound')),
    };
  });
}

function calleesIn(rows: readonly Json[]): readonly CalleeCounts[] {
  const members = rows.filter((row) => textAt(row, 'group') !== undefined);
  const byPeer = Map.groupBy(members, (row) => textAt(row, 'peer') ?? '');
  return [...byPeer].map(([peer, own]) => {
    const evidence = own.map((row) => recordAt(row, 'evidence'));
    // Of a pod of a lane they took its lane, so nothing is lost.
    const lost = own.filter((row) => (numberAt(recordAt(row, 'evidence'), 'none') ?? 0) > 0);
    return {
      peer,
      group: textAt(own[0] ?? {}, 'group') ?? '',
      requests: sum(own, 'requests'),
      inLane: sum(own, 'inLane'),
      cameTagged: sum(own, 'cameTagged'),
      byTrace: sum(evidence, 'trace'),
      unknown: sum(evidence, 'none'),
      ambiguous: sum(lost, 'ambiguous'),
    };
  });
}

function sum(rows: readonly Json[], key: string): number {
  return rows.reduce((total, row) => total + (numberAt(row, key) ?? 0), 0);
}
