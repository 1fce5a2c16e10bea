import type { DropReason, FallbackReason, Rung } from './reasons.ts';

export type Direction = 'inbound' | 'outbound' | 'gateway';

/** One request through one sidecar, as `GET /hops` shows it. */
export interface Hop {
  /** RFC 3339, milliseconds. */
  readonly time: string;
  readonly id: string;
  readonly traceId: string | null;
  readonly direction: Direction;
  readonly protocol: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly lane: string;
  readonly evidence: { readonly rung: Rung; readonly detail: string };
  /** At a gateway the rule that the request matched: `HTTPRoute shop/a: rule 0, match 1`, `Ingress shop/a: /path`. */
  readonly route?: string;
  readonly service: string | null;
  /** The lane whose endpoints were taken; null for a destination outside the mesh. */
  readonly subset: string | null;
  readonly fallback: { readonly from: string; readonly to: string; readonly reason: FallbackReason } | null;
  /** Lane -> number of endpoints that the service has in it. */
  readonly candidates: Readonly<Record<string, number>>;
  readonly dropped: readonly { readonly endpoint: string; readonly reason: DropReason }[];
  readonly endpoint: HopEndpoint | null;
  /** The endpoint whose address the client connected to by itself; another one than `endpoint`: `why` says why it was replaced. */
  readonly chosen?: HopEndpoint;
  readonly generation: string;
  readonly status: number;
  readonly grpcStatus?: number;
  readonly durationMs: number;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Stable error code, or null. */
  readonly error: string | null;
  /** What happened to the request in a sentence. */
  readonly why: string;
}

export interface HopEndpoint {
  readonly address: string;
  readonly pod: string | null;
  readonly lane: string;
  readonly source: string;
}
