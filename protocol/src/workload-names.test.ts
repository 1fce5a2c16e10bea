import { describe, expect, it } from 'vitest';
import { injectionWish } from './injection-wish.ts';
import { appOf, standingOf } from './workload-names.ts';

describe('where a workload stands', () => {
  it('is the baseline where nothing names a lane, or the baseline is named', () => {
    expect(standingOf({ app: 'b' })).toEqual({ kind: 'baseline' });
    expect(standingOf({ 'lanekeeper.io/lane': 'base', 'alicloud.service.tag': 'gray' })).toEqual({
      kind: 'baseline',
    });
    expect(standingOf({ 'lanekeeper.io/lane': '' })).toEqual({ kind: 'baseline' });
  });

  it('is the lane that the first convention names, ours before MSE before OpenSergo, labels before the environment', () => {
    const foreign = { 'alicloud.service.tag': 'mse', 'traffic.opensergo.io/label': 'sergo' };
    expect(standingOf({ ...foreign, 'lanekeeper.io/lane': 'ours' })).toMatchObject({ lane: 'ours' });
    expect(standingOf(foreign, 'env')).toMatchObject({ lane: 'mse' });
    expect(standingOf({ 'traffic.opensergo.io/label': 'sergo' }, 'env')).toMatchObject({ lane: 'sergo' });
    expect(standingOf({}, 'env')).toMatchObject({ lane: 'env' });
  });

  it('is neither lane nor baseline where the name is none that a lane can have', () => {
    const by = { name: 'alicloud.service.tag', value: 'Gray_1' };
    expect(standingOf({ 'alicloud.service.tag': 'Gray_1' })).toEqual({ kind: 'misnamed', by });
    expect(standingOf({ 'lanekeeper.io/lane': 'Gray', 'alicloud.service.tag': 'gray' })).toMatchObject({
      kind: 'misnamed',
    });
    expect(standingOf({ 'alicloud.service.tag': 'Gray_1' }, 'gray')).toMatchObject({ lane: 'gray' });
  });
});

describe('the app of a workload', () => {
  it('is named by our label, then by MSE’s, then by what manifests have anyway', () => {
    const labels = { 'app.kubernetes.io/name': 'd', app: 'c', msePilotCreateAppName: 'b' };
    expect(appOf({ ...labels, 'lanekeeper.io/app': 'a' })).toBe('a');
    expect(appOf(labels)).toBe('b');
    expect(appOf({ 'app.kubernetes.io/name': 'd', app: 'c' })).toBe('c');
    expect(appOf({ 'app.kubernetes.io/name': 'd', app: '' })).toBe('d');
    expect(appOf({})).toBeUndefined();
  });
});

describe('the wish for injection', () => {
  const wish = (labels: Record<string, string>, namespaceLabels: Record<string, string>) =>
    injectionWish({ pod: { labels, annotations: {} }, namespaceLabels });

  it('is the pod’s before the namespace’s, ours before MSE’s', () => {
    const on = { 'lanekeeper.io/injection': 'enabled' };
    expect(wish({}, on)).toBe('inject');
    expect(wish({ 'lanekeeper.io/inject': 'false' }, on)).toBe('leave');
    expect(wish({ msePilotAutoEnable: 'off' }, on)).toBe('leave');
    expect(wish({ 'lanekeeper.io/inject': 'true', msePilotAutoEnable: 'off' }, {})).toBe('inject');
    expect(wish({}, { msePilotAutoEnable: 'on' })).toBe('inject');
    expect(wish({}, { 'lanekeeper.io/injection': 'disabled', msePilotAutoEnable: 'on' })).toBe('leave');
    expect(wish({}, {})).toBe('unsaid');
  });
});
