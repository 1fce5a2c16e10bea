import { describe, expect, it } from 'vitest';
import { declare } from './declared-object.ts';
import { documentOf } from './declared.fixture.ts';
import type { MemberCounts } from './member-counts.ts';
import { groupStatus, laneReady, laneStatus, type Acknowledged, type LaneFacts } from './object-status.ts';
import { LANE_GROUPS, LANES } from './resources.ts';

const LANE = declare(LANES, documentOf(LANES, 'gray', { group: 'demo' }, { generation: 5 }), undefined);
const ACCEPTED = { isInForce: true, reason: 'Accepted', problems: [] } as const;

function member(service: string, lanes: Readonly<Record<string, number>>): MemberCounts {
  const pods = Object.values(lanes).reduce((sum, count) => sum + count, 0);
  return { service, isUnknown: false, pods, injected: pods, lanes: new Map(Object.entries(lanes)) };
}

function facts(given: Partial<LaneFacts> = {}): LaneFacts {
  return {
    ...{ declared: LANE, verdict: ACCEPTED, warnings: [], hasExpired: false, acknowledged: undefined },
    isOverruled: false,
    members: [member('shop/a', { base: 1, gray: 2 }), member('web/c', { base: 1 })],
    ...given,
  };
}

function acks(state: Acknowledged['state']): Acknowledged {
  return { acknowledged: 2, of: 3, state, reason: 'shop/a-1 has not' };
}

describe('a lane is ready', () => {
  it.each([
    ['where it has an endpoint', {}, 'True Ready'],
    ['not before it is in force', { verdict: undefined }, 'False NotAccepted'],
    [
      'not without its group',
      { verdict: { isInForce: false, reason: 'GroupNotFound', problems: [] } },
      'False NotAccepted',
    ],
    ['not when it has expired', { hasExpired: true }, 'False Expired'],
    ['not without an endpoint', { members: [member('shop/a', { base: 1 })] }, 'False NoEndpoints'],
    ['not while sidecars are waited for', { acknowledged: acks('waiting') }, 'False WaitingForSidecars'],
    [
      'though some sidecars have not answered in time',
      { acknowledged: acks('timed-out') },
      'True NotAcknowledgedByAll',
    ],
    ['when all sidecars have it', { acknowledged: acks('open') }, 'True Ready'],
  ] as const)('%s', (_, given, expected) => {
    const { status, reason } = laneReady(facts(given));
    expect(`${status} ${reason}`).toBe(expected);
  });
});

it('says endpoints by service, with the namespace where it is another one, and how many sidecars have it', () => {
  const status = laneStatus(facts({ acknowledged: acks('open') }));
  expect(status).toMatchObject({ generation: 5, endpoints: { a: 2, 'web/c': 0 }, acknowledged: '2/3' });
  expect(laneStatus(facts())['acknowledged']).toBeUndefined();
});

it('keeps the generation that is in force for the next control plane, only while another one is not', () => {
  expect(laneStatus(facts())['inForce']).toBeUndefined();
  const broken = declare(LANES, documentOf(LANES, 'gray', { group: 7 }, { generation: 6 }), LANE);
  const status = laneStatus(facts({ declared: broken }));
  expect(status['inForce']).toEqual({ generation: 5, spec: '{"group":"demo"}' });
  expect(status).toMatchObject({
    generation: 5,
    conditions: [{ status: 'False', observedGeneration: 6 }, {}, {}],
  });
});

it('is not accepted where another source says otherwise', () => {
  const [overruled, fine] = [true, false].map((isOverruled) => laneStatus(facts({ isOverruled })));
  expect(overruled?.['conditions']).toContainEqual(
    expect.objectContaining({ type: 'Accepted', status: 'False', reason: 'DeclaredElsewhere' }),
  );
  expect(fine?.['conditions']).toContainEqual(expect.objectContaining({ type: 'Accepted', status: 'True' }));
});

it('cuts a message that nobody would read to its end', () => {
  const services = Array.from({ length: 500 }, () => ({ nmae: 'a' }));
  const broken = declare(LANE_GROUPS, documentOf(LANE_GROUPS, 'demo', { services }), undefined);
  const status = groupStatus({
    declared: broken,
    verdict: undefined,
    warnings: [],
    members: [],
    lanes: [],
    isOverruled: false,
  });
  const [{ message }] = status['conditions'] as [{ readonly message: string }];
  expect(message).toContain('spec.services[0]');
  expect(message.length).toBeLessThan(2_100);
});

it('names the members of a group that nobody knows', () => {
  const declared = declare(
    LANE_GROUPS,
    documentOf(LANE_GROUPS, 'demo', { services: [{ name: 'a' }, { name: 'x' }] }),
    undefined,
  );
  const members = [member('shop/a', { base: 1 }), { ...member('shop/x', {}), isUnknown: true }];
  const status = groupStatus({
    declared,
    verdict: ACCEPTED,
    warnings: [],
    members,
    lanes: [],
    isOverruled: false,
  });
  expect(status['conditions']).toContainEqual(
    expect.objectContaining({ reason: 'MembersUnknown', message: 'no source knows shop/x' }),
  );
});
