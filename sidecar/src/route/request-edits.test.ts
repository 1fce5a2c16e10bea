import { describe, expect, it } from 'vitest';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';
import { decideGateway } from './decide-gateway.ts';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import type { DecisionContext } from './decision-context.ts';
import { ALL_EVIDENCE, at, connection, contextOf, DEMO, group, request, SETTINGS } from './mesh.fixture.ts';
import { requestEdits } from './request-edits.ts';
import { responseEdits } from './response-edits.ts';

const routes = [{ hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 }];
const bridged = group(['a', 'b', 'c'], { evidence: { ...ALL_EVIDENCE, bridge: ['x-mse-tag'] } });
const CONFIG = { ...DEMO, groups: [bridged], gateway: { trustIncomingTag: false, routes } };

type Decide = (head: RequestHead, context: DecisionContext) => Decision;

/** The headers of `sent` as the next in line gets them. */
function upstream(
  direction: Direction,
  decide: Decide,
  sent: Readonly<Record<string, string>>,
  lane = 'base',
) {
  const context = contextOf(CONFIG, { app: 'b', lane });
  const head = request(direction === 'outbound' ? 'c' : 'b', sent);
  return applied(sent, requestEdits(decide(head, context), head, direction, context.snapshot.settings));
}

function applied(sent: Readonly<Record<string, string>>, edits: ReturnType<typeof requestEdits>) {
  const names = edits.map((edit) => edit.name);
  expect(new Set(names).size).toBe(names.length);
  const result = new Map(Object.entries(sent));
  for (const { name, value } of edits) {
    if (value === null) result.delete(name);
    else result.set(name, value);
  }
  return Object.fromEntries(result);
}

const outbound: Decide = (head, context) => decideOutbound(head, connection('outbound'), context);
const inbound =
  (address: string): Decide =>
  (head, context) =>
    decideInbound(head, connection('inbound', at(address)), context);
const gateway: Decide = (head, context) => decideGateway(head, connection('gateway'), context);

describe('requestEdits', () => {
  it('stamps the lane and the origin on a request within the mesh, in our header and the bridged ones', () => {
    expect(upstream('outbound', outbound, { accept: '*/*' }, 'gray')).toEqual({
      accept: '*/*',
      baggage: 'lane=gray',
      'x-mse-tag': 'gray',
      'x-lanekeeper-hop': 'origin',
    });
  });

  it('stamps what the application receives and takes the loop guard off', () => {
    const sent = { 'x-mse-tag': 'gray', 'x-lanekeeper-hop': 'origin' };
    expect(upstream('inbound', inbound('10.0.2.2:8080'), sent, 'gray')).toEqual({
      'x-mse-tag': 'gray',
      baggage: 'lane=gray',
    });
  });

  it('marks a corrected request so that it is corrected only once', () => {
    expect(upstream('inbound', inbound('10.0.2.1:8080'), { baggage: 'lane=gray' })).toEqual({
      baggage: 'lane=gray',
      'x-mse-tag': 'gray',
      'x-lanekeeper-hop': 'corrected',
    });
  });

  it('sends neither our tag nor our headers outside the mesh, and everything else as it is', () => {
    const context = contextOf(CONFIG, { lane: 'gray' });
    const sent = {
      baggage: 'a=1,lane=gray,b=2;p',
      traceparent: '00-1-2-01',
      'x-lanekeeper-hop': 'origin',
      'x-lanekeeper-explain': '1',
    };
    const head = request('api.example.com', sent);
    const edits = requestEdits(outbound(head, context), head, 'outbound', context.snapshot.settings);
    expect(applied(sent, edits)).toEqual({ baggage: 'a=1,b=2;p', traceparent: '00-1-2-01' });
  });

  it('lets nothing that a stranger says about lanes through the gateway', () => {
    const sent = {
      baggage: 'user=7,lane=gray',
      'x-mse-tag': 'gray',
      'x-lanekeeper-hop': 'corrected',
      'x-lanekeeper-explain': '1',
    };
    expect(upstream('gateway', gateway, sent)).toEqual({ baggage: 'user=7', 'x-lanekeeper-hop': 'origin' });
  });

  it('changes nothing of a request that is refused', () => {
    const head = request('', { baggage: 'lane=gray' });
    const context = contextOf(CONFIG);
    expect(requestEdits(outbound(head, context), head, 'outbound', context.snapshot.settings)).toEqual([]);
  });
});

describe('responseEdits', () => {
  const allowed = { ...SETTINGS, explainHeader: true };
  const asked = { baggage: 'lane=gray', 'x-lanekeeper-explain': '1' };

  it('puts the decision on one line when the request asks for it', () => {
    const head = request('z', asked);
    const decision = outbound(head, contextOf(DEMO));
    expect(responseEdits(decision, head, allowed)).toEqual([
      {
        name: 'x-lanekeeper-decision',
        value:
          'lane=gray; rung=baggage; evidence="baggage lane=gray"; service=default/z:80; subset=base; ' +
          'fallback=service-not-in-lane; endpoint=10.0.9.1:8080; generation=g1',
      },
    ]);
  });

  it('says nothing where the mesh does not allow it or nobody asks', () => {
    const head = request('z', asked);
    const decision = outbound(head, contextOf(DEMO));
    expect(responseEdits(decision, head, SETTINGS)).toEqual([]);
    expect(responseEdits(decision, request('z'), allowed)).toEqual([]);
  });

  it('cannot be made to end the header by what a request says of its lane', () => {
    const head = request('b', { ...asked, baggage: 'lane=a%0d%0ax-evil:%201' });
    const value = responseEdits(outbound(head, contextOf(DEMO)), head, allowed)[0]?.value;
    expect(value).toMatch(/^[ -~]+$/);
  });
});
