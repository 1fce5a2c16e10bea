import { describe, expect, it } from 'vitest';
import { describeDecision } from './describe-decision.ts';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import type { ExplainRequest } from './explain.ts';
import { explain } from './explain.ts';
import {
  at,
  connection,
  contextOf,
  DEMO,
  endpoint,
  group,
  lane,
  mesh,
  request,
  service,
} from './mesh.fixture.ts';

const CONFIG = mesh({
  services: [
    service('b', {
      endpoints: [
        endpoint('10.0.2.1', { pod: 'b-1' }),
        endpoint('10.0.2.2', { lane: 'gray', healthy: false }),
      ],
    }),
  ],
  groups: [group(['b'])],
  lanes: [lane('gray'), lane('green', { fallback: [] })],
});

function ask(more: Partial<ExplainRequest> = {}): ExplainRequest {
  return { direction: 'outbound', method: 'GET', authority: 'b', path: '/', headers: [], ...more };
}

describe('explain', () => {
  it('tells the lane, its evidence, what was dropped, why it fell back and where it goes', () => {
    const told = explain(ask({ headers: [['Baggage', 'lane=gray']] }), contextOf(CONFIG));
    expect(told).toMatchObject({
      lane: 'gray',
      evidence: { rung: 'baggage', detail: 'baggage lane=gray', ambiguous: false },
      service: 'default/b',
      port: 80,
      subset: 'base',
      candidates: { base: 1, gray: 1 },
      fallback: {
        from: 'gray',
        to: 'base',
        reason: 'no-healthy-endpoint',
        sentence: 'the service has endpoints in this lane, but none of them is healthy',
      },
      dropped: [
        { endpoint: '10.0.2.2:8080', reason: 'unhealthy', sentence: 'its source reports it as not ready' },
      ],
      endpoint: { address: '10.0.2.1:8080', pod: 'b-1', lane: 'base', source: 'file' },
      target: '10.0.2.1:8080',
      refusal: null,
      generation: 'g1',
      why:
        'Lane gray by baggage (baggage lane=gray). default/b:80 falls back from gray to base: the service has endpoints in ' +
        'this lane, but none of them is healthy. It goes to 10.0.2.1:8080 of 1 endpoint in base.',
    });
  });

  it('tells for every other lane and the baseline what it would have got', () => {
    const { counterfactual } = explain(ask({ headers: [['baggage', 'lane=gray']] }), contextOf(CONFIG));
    expect(counterfactual.map((other) => [other.lane, other.subset, other.refusal?.status ?? null])).toEqual([
      ['base', 'base', null],
      ['green', null, 503],
    ]);
    expect(counterfactual[1]?.why).toContain('default/b:80 has no endpoint for lane green');
  });

  it('has a counterfactual for every lane where the evidence was refused', () => {
    const told = explain(ask({ headers: [['baggage', 'lane=gray,lane=green']] }), contextOf(CONFIG));
    expect(told.refusal).toMatchObject({ code: 'ambiguous-tag', status: 400 });
    expect(told.counterfactual.map((other) => other.lane)).toEqual(['base', 'gray', 'green']);
  });

  it('is plain JSON', () => {
    const told = explain(ask({ authority: 'example.com' }), contextOf(CONFIG));
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
    expect(told).toMatchObject({ service: null, target: 'example.com:80', counterfactual: [] });
  });

  it('reads repeated headers as one list and an authority in any case', () => {
    const headers = [
      ['Baggage', 'a=1'],
      ['baggage', 'lane=gray'],
    ] as const;
    expect(explain(ask({ authority: 'B', headers }), contextOf(CONFIG))).toMatchObject({
      lane: 'gray',
      service: 'default/b',
    });
  });
});

describe('describeDecision', () => {
  const gray = { baggage: 'lane=gray' };
  const out = connection('outbound');

  it.each([
    [
      'a request of the baseline',
      'outbound',
      decideOutbound(request('b'), out, contextOf(DEMO)),
      'The baseline (nothing names a lane). default/b:80 goes to 10.0.2.1:8080 of 1 endpoint in base.',
    ],
    [
      'a stranger',
      'outbound',
      decideOutbound(request('example.com'), out, contextOf(DEMO)),
      'The baseline (nothing names a lane). example.com:80 is no service of the mesh: passed through untouched.',
    ],
    [
      'a correction',
      'inbound',
      decideInbound(
        request('b', gray),
        connection('inbound', at('10.0.2.1:8080')),
        contextOf(DEMO, { app: 'b' }),
      ),
      'Lane gray by baggage (baggage lane=gray). It reached a pod of another lane and is sent on once: ' +
        'default/b:80 goes to 10.0.2.2:8080 of 1 endpoint in gray.',
    ],
    [
      'an application that the mesh does not know',
      'inbound',
      decideInbound(request('b'), connection('inbound'), contextOf(mesh())),
      "The baseline (nothing names a lane). This pod's service is not known here: handed to the application at 127.0.0.1:3000.",
    ],
    [
      'a request that has arrived',
      'inbound',
      decideInbound(request('b'), connection('inbound', at('10.0.2.1:8080')), contextOf(DEMO, { app: 'b' })),
      'The baseline (nothing names a lane). It is served by this pod: default/b:80 in base.',
    ],
  ] as const)('says of %s what happened', (_what, direction, decision, sentence) => {
    expect(describeDecision(decision, direction)).toBe(sentence);
  });
});
