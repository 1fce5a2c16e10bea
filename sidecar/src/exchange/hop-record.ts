import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Direction, Hop, HopEndpoint } from '@lanekeeper/protocol/hop';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { ProxyErrorCode } from '../proxy-error.ts';
import type { Decision } from '../route/decision.ts';
import { hopEndpoint } from '../route/explain-outcome.ts';

/**
 * What is kept of one request: its own strings and numbers, and references to objects that many requests share. Filled in while
 * the request lives, never changed once it is in the ring. A {@link Hop} is made of it only when somebody looks.
 */
export interface HopRecord {
  /** Place in the order of endings; 0 until the request is over. */
  seq: number;
  readonly startedAtMs: number;
  traceId: string | null;
  readonly direction: Direction;
  protocol: string;
  method: string;
  authority: string;
  path: string;
  decision: Decision;
  attempt: number;
  status: number;
  grpcStatus: number | undefined;
  durationMs: number;
  error: ProxyErrorCode | null;
}

/** What is kept of a request's own strings: thousands of records must not add up to thousands of the largest heads. */
export const MAX_METHOD = 32;
export const MAX_AUTHORITY = 255;
export const MAX_PATH = 1024;

/** At most `length` characters of `text`, marked where it was cut. A copy: a slice would keep the whole head in memory. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${Buffer.from(text.slice(0, length)).toString()}…`;
}

export interface HopText {
  /** Sets the ids of this process apart from those of the one before it. */
  readonly idPrefix: string;
  /** What happened, in a sentence. */
  describe(decision: Decision, direction: Direction): string;
}

export function hopId(record: HopRecord, idPrefix: string): string {
  return `${idPrefix}-${record.seq}`;
}

export function toHop(record: HopRecord, text: HopText): Hop {
  const { decision } = record;
  return {
    time: new Date(record.startedAtMs).toISOString(),
    id: hopId(record, text.idPrefix),
    traceId: record.traceId,
    direction: record.direction,
    protocol: record.protocol,
    method: record.method,
    authority: record.authority,
    path: record.path,
    lane: decision.evidence.lane,
    evidence: { rung: decision.evidence.rung, detail: decision.evidence.detail },
    ...(decision.edge === undefined ? {} : { route: decision.edge.rule.name }),
    service: decision.servicePort?.service.id ?? null,
    subset: decision.subset ?? null,
    fallback: decision.fallback ?? null,
    candidates: decision.servicePort?.service.candidates ?? {},
    dropped: decision.dropped,
    endpoint: endpointOf(decision),
    ...(decision.chosen === undefined ? {} : { chosen: hopEndpoint(decision.chosen) }),
    generation: decision.generation,
    status: record.status,
    ...(record.grpcStatus === undefined ? {} : { grpcStatus: record.grpcStatus }),
    durationMs: Math.round(record.durationMs * 1000) / 1000,
    attempt: record.attempt,
    error: record.error,
    why: text.describe(decision, record.direction),
  };
}

/** An address that is no endpoint of the mesh is the workload itself (`local`) or lies outside (`outside`). */
function endpointOf(decision: Decision): HopEndpoint | null {
  const { endpoint, target } = decision;
  if (endpoint !== undefined) {
    return hopEndpoint(endpoint);
  }
  if (target === undefined) return null;
  const source = decision.servicePort === undefined ? 'outside' : 'local';
  return { address: formatAddress(target), pod: null, lane: decision.subset ?? BASELINE, source };
}
