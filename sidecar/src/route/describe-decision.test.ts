import { describe, expect, it } from 'vitest';
import { decideOutbound } from './decide-outbound.ts';
import { describeDecision } from './describe-decision.ts';
import { at, connection, contextOf, endpoint, group, lane, mesh, request, service } from './mesh.fixture.ts';
import { ejecting } from './pickers.fixture.ts';
import { retryDecision } from './retry-decision.ts';

const MESH = mesh({
  services: [
    service('b', {
      endpoints: [
        endpoint('10.0.0.5'),
        endpoint('10.0.0.6', { healthy: false, dropReason: 'disabled' }),
        endpoint('10.0.0.7', { lane: 'gray' }),
        endpoint('10.0.0.8', { lane: 'gray' }),
        endpoint('10.0.0.9', { healthy: false, dropReason: 'invalid-lane' }),
      ],
    }),
  ],
  groups: [group(['b'])],
  lanes: [lane('gray'), lane('green', { fallback: [] })],
});
const GRAY = { baggage: 'lane=gray' };

/** What is said of a request to the instance at `address` that the client has chosen by itself. */
function said(address: string, headers = {}, ejected: readonly string[] = []): string {
  const context = contextOf(MESH, { picker: ejecting(new Set(ejected)) });
  const to = `${address}:8080`;
  return describeDecision(
    decideOutbound(request(to, headers), connection('outbound', at(to)), context),
    'outbound',
  );
}

describe("what is said of the client's own choice", () => {
  it('that it is kept', () => {
    expect(said('10.0.0.8', GRAY)).toMatch(
      /default\/b:80 goes to 10\.0\.0\.8:8080 of 2 endpoints in gray\. That is the client's own choice, so it is kept\.$/,
    );
  });

  it('that the lane has another one', () => {
    expect(said('10.0.0.5', GRAY)).toMatch(
      /goes to 10\.0\.0\.7:8080 of 2 endpoints in gray\. The client had chosen 10\.0\.0\.5:8080 of base, which is not what a request of lane gray gets here\.$/,
    );
  });

  it('that the baseline never goes to a lane', () => {
    expect(said('10.0.0.7')).toMatch(
      /goes to 10\.0\.0\.5:8080 .* The client had chosen 10\.0\.0\.7:8080 of gray, which a request of the baseline never goes to\.$/,
    );
  });

  it.each([
    [
      '10.0.0.6',
      {},
      [],
      'The client had chosen 10.0.0.6:8080 of base, which is not used: it is switched off in its registry.',
    ],
    [
      '10.0.0.9',
      {},
      [],
      'which is not used: what names its lane in the registry is no lane name, so it is neither of the baseline nor of a lane.',
    ],
    [
      '10.0.0.8',
      GRAY,
      ['10.0.0.8:8080'],
      'The client had chosen 10.0.0.8:8080 of gray, which is not used: ejected for a while after repeated failures.',
    ],
  ])('why %s is not used', (address, headers, ejected, sentence) => {
    expect(said(address, headers, ejected)).toContain(sentence);
  });

  it('also where the request is refused, and where it falls back', () => {
    const refused = said('10.0.0.5', { baggage: 'lane=green' });
    expect(refused).toContain('Refused: ');
    expect(refused).toContain('The client had chosen 10.0.0.5:8080 of base');
    const fallen = said('10.0.0.5', GRAY, ['10.0.0.7:8080', '10.0.0.8:8080']);
    expect(fallen).toContain('falls back from gray to base');
    expect(fallen).toContain("That is the client's own choice, so it is kept.");
  });

  it('also after it failed and another one was tried', () => {
    const context = contextOf(MESH);
    const head = request('10.0.0.7:8080', GRAY);
    const first = decideOutbound(head, connection('outbound', at('10.0.0.7:8080')), context);
    const next = retryDecision(first, { direction: 'outbound', tried: new Set(['10.0.0.7:8080']) }, context);
    expect(next?.endpoint?.key).toBe('10.0.0.8:8080');
    expect(next === undefined ? '' : describeDecision(next, 'outbound')).toContain(
      'The client had chosen 10.0.0.7:8080 of gray, which is not used: an earlier attempt of this request failed on it.',
    );
  });

  it('nothing, where the client left the choice to us', () => {
    const decision = decideOutbound(request('b', GRAY), connection('outbound'), contextOf(MESH));
    expect(describeDecision(decision, 'outbound')).not.toContain('client');
  });
});
