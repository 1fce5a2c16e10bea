import { describe, expect, it } from 'vitest';
import { SEVERAL } from '../lane/evidence.ts';
import { decideOutbound } from './decide-outbound.ts';
import type { ContextOptions } from './mesh.fixture.ts';
import { at, connection, contextOf, DEMO, group, mesh, request } from './mesh.fixture.ts';

const GRAY = { baggage: 'lane=gray' };
const STRICT = { ...DEMO, groups: [group(['a', 'b', 'c', 'z'], { mode: 'strict' })] };
const TWO_IN_FLIGHT: ContextOptions = { inFlight: { verdict: () => SEVERAL } };

describe('decideOutbound', () => {
  it('sends a request of a lane to the lane, one without a tag to the baseline', () => {
    const gray = decideOutbound(request('b', GRAY), connection('outbound'), contextOf(DEMO));
    expect(gray).toMatchObject({
      evidence: { lane: 'gray', rung: 'baggage' },
      subset: 'gray',
      target: { address: '10.0.2.2', port: 8080 },
      generation: 'g1',
    });
    const plain = decideOutbound(request('b'), connection('outbound'), contextOf(DEMO));
    expect(plain).toMatchObject({ subset: 'base', target: { address: '10.0.2.1', port: 8080 } });
  });

  it('steers a client that balanced by itself and connected to a pod of the wrong lane', () => {
    const toGrayPod = connection('outbound', at('10.0.2.2:8080'));
    expect(decideOutbound(request('b'), toGrayPod, contextOf(DEMO)).endpoint?.key).toBe('10.0.2.1:8080');
    const toBasePod = connection('outbound', at('10.0.2.1:8080'));
    expect(decideOutbound(request('b', GRAY), toBasePod, contextOf(DEMO)).endpoint?.key).toBe(
      '10.0.2.2:8080',
    );
  });

  it('passes a request to no service of the mesh through to where it was addressed', () => {
    const context = contextOf(STRICT, TWO_IN_FLIGHT);
    const twoTags = request('api.example.com', { baggage: 'lane=gray,lane=green' });
    for (const head of [request('api.example.com', GRAY), twoTags]) {
      const decision = decideOutbound(head, connection('outbound', at('203.0.113.7:80')), context);
      expect(decision).toMatchObject({
        servicePort: undefined,
        refusal: undefined,
        target: at('203.0.113.7:80'),
      });
    }
  });

  it('refuses what names no destination at all', () => {
    const decision = decideOutbound(request(''), connection('outbound'), contextOf(DEMO));
    expect(decision).toMatchObject({ target: undefined, refusal: { code: 'unknown-destination' } });
  });

  it.each(['127.0.0.8:15001', 'localhost:15001'])('refuses to pass a request for %s on to itself', (self) => {
    const decision = decideOutbound(request(self), connection('outbound'), contextOf(DEMO));
    expect(decision).toMatchObject({ target: undefined, refusal: { code: 'loop' } });
    const neighbour = decideOutbound(request('127.0.0.7:15001'), connection('outbound'), contextOf(DEMO));
    expect(neighbour.refusal).toBeUndefined();
  });

  it('refuses two different tags instead of picking one', () => {
    const head = request('b', { baggage: 'lane=gray,lane=green' });
    const decision = decideOutbound(head, connection('outbound'), contextOf(DEMO));
    expect(decision).toMatchObject({ target: undefined, refusal: { code: 'ambiguous-tag' } });
  });

  it('takes the baseline when the lane is ambiguous, and refuses in a strict group', () => {
    const permissive = decideOutbound(request('b'), connection('outbound'), contextOf(DEMO, TWO_IN_FLIGHT));
    expect(permissive).toMatchObject({ subset: 'base', evidence: { ambiguous: true } });
    const strict = decideOutbound(request('b'), connection('outbound'), contextOf(STRICT, TWO_IN_FLIGHT));
    expect(strict).toMatchObject({ target: undefined, refusal: { code: 'lane-ambiguous' } });
  });

  it('takes the lane of the pod when it is ambiguous, also in a strict group', () => {
    const context = contextOf(STRICT, { ...TWO_IN_FLIGHT, lane: 'gray' });
    expect(decideOutbound(request('b'), connection('outbound'), context)).toMatchObject({ subset: 'gray' });
  });

  it('passes everything through while the mesh is empty', () => {
    const decision = decideOutbound(request('b:8080', GRAY), connection('outbound'), contextOf(mesh()));
    expect(decision).toMatchObject({ servicePort: undefined, target: { address: 'b', port: 8080 } });
  });
});
