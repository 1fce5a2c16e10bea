import type { FallbackReason } from '@lanekeeper/protocol/reasons';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Evidence } from '../lane/evidence.ts';
import type { ProxyError } from '../proxy-error.ts';
import type { EdgeOutcome } from './edge/edge-outcome.ts';
import type { Dropped, Endpoint, ServicePort } from './snapshot.ts';

/** The answer for one request: its lane and how that is known, where it goes and why. Made once; a retry makes another. */
export interface Decision {
  readonly evidence: Evidence;
  /** Undefined: not a service of the mesh; the request passes through untouched. */
  readonly servicePort: ServicePort | undefined;
  /** Lane whose endpoints were taken; undefined for a pass-through or a refusal. */
  readonly subset: string | undefined;
  readonly fallback: Fallback | undefined;
  readonly endpoint: Endpoint | undefined;
  /** The endpoint whose address the client connected to by itself; `endpoint` is another one where it was replaced. */
  readonly chosen: Endpoint | undefined;
  /** Where to connect; undefined when refused. */
  readonly target: SocketAddress | undefined;
  readonly dropped: readonly Dropped[];
  /** Set when the request is answered here instead of being forwarded. */
  readonly refusal: ProxyError | undefined;
  /** Set when an inbound side sends the request on instead of to its own application. */
  readonly escape: EscapeKind | undefined;
  /** Why the mesh may know the destination of a pass-through after all; undefined: it does not. */
  readonly doubt: string | undefined;
  readonly generation: string;
  /** What a gateway's rule says; undefined: no rule had a say. */
  readonly edge?: EdgeOutcome | undefined;
}

export interface Fallback {
  readonly from: string;
  readonly to: string;
  readonly reason: FallbackReason;
}

/**
 * What the inbound side did with a request that reached the wrong lane; label of `lanekeeper_lane_escape_total`. `relayed` is
 * none of these: it came right, but the application accepts no connection any more.
 */
export type EscapeKind = 'corrected' | 'refused' | 'loop' | 'relayed';
