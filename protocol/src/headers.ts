/** Header names on the wire, lower-case. */
export const HEADERS = {
  /** W3C Baggage; carries the lane as one member. */
  baggage: 'baggage',
  /** `1` asks for the decision in {@link HEADERS.decision}; honoured only where the mesh's settings allow it. */
  explain: 'x-lanekeeper-explain',
  decision: 'x-lanekeeper-decision',
  /** The stable code of the error with which the proxy itself answered. */
  error: 'x-lanekeeper-error',
  /** Loop guard between sidecars, see {@link HOP}; never reaches an application or leaves the mesh. */
  hop: 'x-lanekeeper-hop',
} as const;

/** The baggage key that carries the lane unless the mesh's settings name another. */
export const DEFAULT_BAGGAGE_KEY = 'lane';

/** Values of `x-lanekeeper-hop`: who chose the endpoint that the request was sent to. */
export const HOP = {
  /** The caller's sidecar or the gateway chose it, fallback included. */
  origin: 'origin',
  /** A destination's sidecar sent it on: corrected, or its application takes none any more. A second correction would be a loop. */
  corrected: 'corrected',
  /** Two sidecars have sent it on, the second because its application takes none any more either. It stays where it is now. */
  relayed: 'relayed',
} as const;

/** The cookie by which a gateway tells clients apart that a rule's `percent` knows no other key of. */
export const STICKY_COOKIE = 'lanekeeper-key';

/** Headers whose value links an outbound request to an inbound one, read for evidence and passed untouched. */
export const TRACE_HEADERS = ['traceparent', 'b3', 'x-b3-traceid', 'x-request-id', 'sw8'] as const;
