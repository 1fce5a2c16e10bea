import { describe, expect, it } from 'vitest';
import type { Rung } from '@lanekeeper/protocol/reasons';
import { beginRequest, createHarness, decisionOf, servicePortOf } from './exchange.fixture.ts';

function send(harness: ReturnType<typeof createHarness>, rung: Rung, times: number, service = 'b'): void {
  const lane = rung === 'none' ? 'base' : 'gray';
  const evidence = { lane, rung, detail: '', ambiguous: false };
  const decision = decisionOf({ evidence, servicePort: servicePortOf(service) });
  for (let index = 0; index < times; index++) beginRequest(harness, decision).end({ status: 200 });
}

describe('the audit', () => {
  it('tells per peer how many came with a tag, left with one, and by which evidence', () => {
    const harness = createHarness();
    send(harness, 'baggage', 2);
    send(harness, 'trace', 3);
    send(harness, 'none', 4);
    send(harness, 'baggage', 1, 'c');
    expect(harness.audit.rows()).toMatchObject([
      {
        direction: 'outbound',
        peer: 'demo/b',
        requests: 9,
        inLane: 5,
        cameTagged: 2,
        leftTagged: 5,
        recovered: 3,
        evidence: { baggage: 2, trace: 3, none: 4, rule: 0 },
        finding: 'the application lost the tag in 3 of 5 requests of a lane; the sidecar found it again',
      },
      { peer: 'demo/c', requests: 1, finding: 'the tag travels' },
    ]);
  });

  it('keeps at most its bound of peers and loses no request', () => {
    const harness = createHarness();
    for (let index = 0; index < 600; index++) send(harness, 'baggage', 1, `s${index}`);
    const rows = harness.audit.rows();
    expect(rows).toHaveLength(501);
    expect(rows.find((row) => row.peer === 'other')?.requests).toBe(100);
  });
});
