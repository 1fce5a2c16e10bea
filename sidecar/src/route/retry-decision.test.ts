import { HOP } from '@lanekeeper/protocol/headers';
import { describe, expect, it } from 'vitest';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import { at, connection, contextOf, DEMO, endpoint, lane, mesh, request, service } from './mesh.fixture.ts';
import { retryDecision } from './retry-decision.ts';

const GRAY = { baggage: 'lane=gray' };
const outbound = connection('outbound');
const triedGray = { direction: 'outbound', tried: new Set(['10.0.2.2:8080']) } as const;

describe('retryDecision', () => {
  it('falls along the chain when the only endpoint of the lane has failed', () => {
    const context = contextOf(DEMO);
    const first = decideOutbound(request('b', GRAY), outbound, context);
    expect(retryDecision(first, triedGray, context)).toMatchObject({
      evidence: first.evidence,
      subset: 'base',
      fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
      dropped: [{ endpoint: '10.0.2.2:8080', reason: 'already-tried' }],
    });
  });

  it('gives up where the chain ends', () => {
    const context = contextOf({ ...DEMO, lanes: [lane('gray', { fallback: [] })] });
    const first = decideOutbound(request('b', GRAY), outbound, context);
    expect(retryDecision(first, triedGray, context)).toBeUndefined();
  });

  it('has nothing else for a pass-through', () => {
    const context = contextOf(DEMO, { app: 'b' });
    const stranger = decideOutbound(request('example.com'), outbound, context);
    expect(retryDecision(stranger, { direction: 'outbound', tried: new Set() }, context)).toBeUndefined();
  });

  it('sends on what its own application does not take: within its lane, never back to itself', () => {
    const endpoints = [endpoint('10.0.2.1'), endpoint('10.0.2.3'), endpoint('10.0.2.9', { lane: 'gray' })];
    const context = contextOf(mesh({ services: [service('b', { endpoints })] }), { app: 'b' });
    const tried = new Set(['10.0.2.1:8080']);
    const accepted = decideInbound(request('b'), connection('inbound', at('10.0.2.1:8080')), context);
    for (const hop of [undefined, HOP.origin, HOP.corrected]) {
      expect(retryDecision(accepted, { direction: 'inbound', tried, hop }, context)).toMatchObject({
        endpoint: { key: '10.0.2.3:8080' },
        subset: 'base',
        escape: 'relayed',
      });
    }
    expect(
      retryDecision(accepted, { direction: 'inbound', tried, hop: HOP.relayed }, context),
    ).toBeUndefined();
    const all = new Set([...tried, '10.0.2.3:8080']);
    expect(retryDecision(accepted, { direction: 'inbound', tried: all }, context)).toBeUndefined();
  });

  it('leaves a lane whose pods go together: sent on within it once, then along its chain, then no more', () => {
    const gray = ['10.0.2.7', '10.0.2.8', '10.0.2.9'].map((address) => endpoint(address, { lane: 'gray' }));
    const services = [service('b', { endpoints: [endpoint('10.0.2.1'), ...gray] })];
    const context = contextOf(mesh({ services }), { app: 'b', lane: 'gray' });
    const tried = new Set(['10.0.2.9:8080']);
    const accepted = decideInbound(request('b', GRAY), connection('inbound', at('10.0.2.9:8080')), context);
    const next = (hop: string | undefined) =>
      retryDecision(accepted, { direction: 'inbound', tried, hop }, context);
    expect(next(HOP.origin)).toMatchObject({ subset: 'gray', escape: 'relayed' });
    expect(next(HOP.corrected)).toMatchObject({
      subset: 'base',
      escape: 'relayed',
      fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
    });
    expect(next(HOP.relayed)).toBeUndefined();
  });

  it('goes by the newest snapshot', () => {
    const first = decideOutbound(request('b', GRAY), outbound, contextOf(DEMO));
    const endpoints = [endpoint('10.0.2.7', { lane: 'gray' })];
    const newer = contextOf({ ...DEMO, services: [service('b', { endpoints })] }, { generation: 'g2' });
    expect(retryDecision(first, triedGray, newer)).toMatchObject({
      endpoint: { key: '10.0.2.7:8080' },
      generation: 'g2',
    });
    expect(retryDecision(first, triedGray, contextOf(mesh()))).toBeUndefined();
  });
});
