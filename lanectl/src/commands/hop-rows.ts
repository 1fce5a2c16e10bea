import type { Hop, HopEndpoint } from '@lanekeeper/protocol/hop';
import type { SidecarPod } from '../cluster/sidecar-pods.ts';
import { table } from '../output/table.ts';
import { paint, type Terminal } from '../output/terminal.ts';

export interface SeenHop {
  readonly pod: SidecarPod;
  readonly hop: Hop;
}

const HEADER = ['TIME', 'AT', 'DIRECTION', 'LANE', 'EVIDENCE', 'REQUEST', 'SENT TO', 'STATUS', 'WHY'];

export function hopTable(hops: readonly SeenHop[], terminal: Terminal): string {
  if (hops.length === 0) return 'no hops\n';
  return table(
    HEADER,
    hops.map(({ pod, hop }) => [
      hop.time.slice(11, 23),
      pod.name,
      hop.direction === 'gateway' ? 'edge' : hop.direction,
      laneOf(hop, terminal),
      evidenceOf(hop),
      `${hop.method} ${hop.authority}${cut(hop.path)}`,
      sentTo(hop),
      statusOf(hop, terminal),
      hop.why,
    ]),
  );
}

function laneOf({ lane, fallback }: Hop, terminal: Terminal): string {
  return fallback === null ? lane : paint(terminal, 'yellow', `${lane} -> ${fallback.to}`);
}

function evidenceOf({ evidence: { rung, detail } }: Hop): string {
  return detail.startsWith(`${rung} `) ? detail : `${rung}: ${detail}`;
}

function sentTo({ direction, endpoint }: Hop): string {
  if (endpoint === null) return '-';
  return direction === 'inbound' ? 'its application' : `${endpointName(endpoint)} (${endpoint.lane})`;
}

function endpointName({ pod, address }: HopEndpoint): string {
  return pod ?? address;
}

function statusOf({ status, error }: Hop, terminal: Terminal): string {
  const text = error === null ? String(status) : `${status} ${error}`;
  return status >= 500 || error !== null ? paint(terminal, 'red', text) : text;
}

function cut(path: string): string {
  return path.length > 40 ? `${path.slice(0, 39)}…` : path;
}
