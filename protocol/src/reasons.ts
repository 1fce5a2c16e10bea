/** Why a request left its lane, with the sentence that people read. Stable codes: metrics, hops and the console use them. */
export const FALLBACK_REASONS = {
  'no-endpoint-in-lane': 'the service has no endpoint in this lane',
  'no-healthy-endpoint': 'the service has endpoints in this lane, but none of them is healthy',
  'service-not-in-lane': 'the service has no endpoint in any lane, so it takes no part in lanes',
  'unknown-lane': 'no such lane is known here, so the request is treated as baseline',
} as const;

export type FallbackReason = keyof typeof FALLBACK_REASONS;

/** Why an endpoint was not a candidate. */
export const DROP_REASONS = {
  unhealthy: 'its source reports it as not ready',
  terminating: 'its pod is shutting down',
  'not-injected': 'its pod carries a lane and should have a sidecar but has none, so it would lose the lane',
  draining: 'its sidecar says that it is about to go',
  disabled: 'it is switched off in its registry',
  'invalid-lane':
    'what names its lane in the registry is no lane name, so it is neither of the baseline nor of a lane',
  gone: 'its source does not name it any more; the list that it was chosen from is older',
  'disputed-lane': 'two services name different lanes for this address, so it serves neither',
  'invalid-weight': 'its weight in the registry is no number of 0 or more',
  ejected: 'ejected for a while after repeated failures',
  'zero-weight': 'its weight is 0',
  'already-tried': 'an earlier attempt of this request failed on it',
} as const;

export type DropReason = keyof typeof DROP_REASONS;

/** The rungs of the evidence ladder, first hit wins. */
export const RUNGS = ['rule', 'baggage', 'bridge', 'trace', 'in-flight', 'workload', 'none'] as const;

export type Rung = (typeof RUNGS)[number];
