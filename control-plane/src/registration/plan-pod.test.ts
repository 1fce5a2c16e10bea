import type { Standing } from '@lanekeeper/protocol/workload-names';
import { describe, expect, it } from 'vitest';
import { planPod } from './plan-pod.ts';
import { around, askingPod } from './registration.fixture.ts';

describe('a pod that asks for a registration', () => {
  it('is registered once it is ready, with its lane under the names that others read', () => {
    const plan = planPod(askingPod('a-1', { labels: { 'lanekeeper.io/lane': 'gray' } }), around());
    expect(plan).toEqual({
      kind: 'registered',
      planned: {
        place: { registry: 'main', namespace: '' },
        registration: {
          service: { group: 'DEFAULT_GROUP', name: 'a' },
          ...{ ip: '10.0.0.1', port: 8_080, cluster: 'DEFAULT', weight: 1 },
          metadata: {
            'lanekeeper.io/lane': 'gray',
            'alicloud.service.tag': 'gray',
            'traffic.opensergo.io/label': 'gray',
            'lanekeeper.io/cluster': 'uid-of-the-cluster',
            'lanekeeper.io/pod': 'shop/a-1',
            'preserved.register.source': 'LANEKEEPER',
            'preserved.heart.beat.timeout': '300000',
            'preserved.ip.delete.timeout': '600000',
          },
        },
      },
    });
  });

  it('is registered with the lane that a selector gives it, whatever its labels say', () => {
    const standingOf = (): Standing => ({ kind: 'lane', lane: 'fresh' });
    const plan = planPod(askingPod('a-1'), around({ standingOf }));
    expect(plan).toMatchObject({
      planned: { registration: { metadata: { 'lanekeeper.io/lane': 'fresh' } } },
    });
  });

  it('has no lane in Nacos where it is of the baseline', () => {
    for (const labels of [{}, { 'lanekeeper.io/lane': 'base' }]) {
      const plan = planPod(askingPod('a-1', { labels }), around());
      const metadata = plan?.kind === 'registered' ? plan.planned.registration.metadata : {};
      expect(Object.keys(metadata).filter((key) => /lane$|tag|label/.test(key))).toEqual([]);
      expect(plan?.kind).toBe('registered');
    }
  });

  it('is registered where its annotations say', () => {
    const nacos = { port: '80', service: '产品', group: 'G', namespace: 'test', registry: 'other' };
    const plan = planPod(askingPod('a-1', { nacos }), around());
    expect(plan).toMatchObject({
      planned: {
        place: { registry: 'other', namespace: 'test' },
        registration: { service: { group: 'G', name: '产品' }, port: 80, cluster: 'HANGZHOU' },
      },
    });
  });

  it('is registered where its namespace of the mesh is in Nacos, unless it says otherwise', () => {
    const place = (nacos: Record<string, string>, namespace: string) => {
      const plan = planPod(askingPod('a-1', { nacos: { port: '80', ...nacos }, namespace }), around());
      return plan?.kind === 'registered' ? plan.planned.place.namespace : plan;
    };
    expect(place({}, 'shop')).toBe('');
    expect(place({}, 'staging')).toBe('test');
    expect(place({}, 'elsewhere')).toBe('');
    expect(place({ namespace: 'public' }, 'staging')).toBe('');
  });

  it.each([
    ['not ready', { isReady: false }],
    ['not running yet', { phase: 'Pending' }],
    ['terminating', { isTerminating: true }],
    ['without an address', { addresses: [] }],
  ])('is not registered while it is %s', (_, pod) => {
    expect(planPod(askingPod('a-1', { pod }), around())).toMatchObject({ kind: 'waiting' });
  });

  it('is not registered while its sidecar drains', () => {
    const isDraining = (): boolean => true;
    expect(planPod(askingPod('a-1'), around({ isDraining }))).toEqual({ kind: 'waiting', why: 'draining' });
  });

  it.each([
    ['a registry that nobody follows', { registry: 'x' }, 'one of the registries main, other, found "x"'],
    ['a namespace that nobody follows', { namespace: 'x' }, 'that the mesh follows, public, test, found "x"'],
    [
      'a group that nobody follows',
      { group: 'X' },
      'the groups that the mesh follows, DEFAULT_GROUP, found "X"',
    ],
    ['a port that is none', { port: 'http' }, 'expected a port from 1 to 65535, found "http"'],
  ])('is refused for %s, in a sentence', (_, nacos, sentence) => {
    const plan = planPod(askingPod('a-1', { nacos: { port: '80', ...nacos } }), around());
    expect(plan).toEqual({ kind: 'refused', problems: [expect.stringContaining(sentence)] });
  });

  it('is refused where what names its lane is no lane name, or its sidecar is missing', () => {
    const misnamed = askingPod('a-1', { labels: { 'lanekeeper.io/lane': 'Gray!' } });
    expect(planPod(misnamed, around())).toMatchObject({
      problems: ['lanekeeper.io/lane: expected a lane name, found "Gray!"'],
    });
    const bare = askingPod('a-1', { labels: { 'lanekeeper.io/lane': 'gray' } });
    expect(planPod(bare, around({ isMissingSidecar: () => true }))).toMatchObject({ kind: 'refused' });
    expect(planPod(askingPod('a-1'), around({ isMissingSidecar: () => true }))).toMatchObject({
      kind: 'registered',
    });
  });

  it('that asks for nothing is left alone', () => {
    expect(planPod(askingPod('a-1', { nacos: {} }), around())).toBeUndefined();
  });
});
