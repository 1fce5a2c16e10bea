import type { Hop } from '@lanekeeper/protocol/hop';

/** A hop of the gray lane in which nothing special happened, with `changes` to it. */
export function someHop(changes: Partial<Hop> = {}): Hop {
  return {
    time: '2026-11-21T10:00:00.000Z',
    id: '1',
    traceId: 'ab12',
    direction: 'outbound',
    protocol: 'http/1.1',
    method: 'GET',
    authority: 'b',
    path: '/',
    lane: 'gray',
    evidence: { rung: 'trace', detail: 'traceparent' },
    service: 'default/b',
    subset: 'gray',
    fallback: null,
    candidates: { base: 1, gray: 1 },
    dropped: [],
    endpoint: { address: '127.0.2.2:15006', pod: 'Bgray', lane: 'gray', source: 'file' },
    generation: 'g',
    status: 200,
    durationMs: 1,
    attempt: 1,
    error: null,
    why: 'an endpoint of the lane',
    ...changes,
  };
}
