import { describe, expect, it } from 'vitest';
import { endpoint, HTTP_PORT, pod, service, slice } from './cluster.fixture.ts';
import { BASE, endpointsOf, GRAY, summary } from './converted.fixture.ts';

describe('members by application', () => {
  const base = [pod('b-1', '10.0.0.1', { labels: BASE }), slice('b', [endpoint('b-1', '10.0.0.1')])];
  const gray = pod('b-new-1', '10.0.0.2', { labels: GRAY });

  it('of a lane join the Service that selects only the baseline', () => {
    expect(summary(endpointsOf('b', service('b'), ...base, gray))).toEqual([
      '10.0.0.1 base ok',
      '10.0.0.2 gray ok',
    ]);
  });

  it('of the baseline join the Service that selects only pods of lanes', () => {
    const objects = [service('b-gray'), slice('b-gray', [endpoint('b-new-1', '10.0.0.2')]), ...base, gray];
    expect(summary(endpointsOf('b-gray', ...objects))).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray ok']);
  });

  it('join a Service of their name whose baseline is scaled to zero, or whose selector names their app', () => {
    expect(summary(endpointsOf('b', service('b'), gray))).toEqual(['10.0.0.2 gray ok']);
    const other = service('orders', { selector: { app: 'b' } });
    expect(summary(endpointsOf('orders', other, gray))).toEqual(['10.0.0.2 gray ok']);
  });

  it('join the Service that states their app itself, and then no other', () => {
    const stated = service('orders', { selector: { app: 'x' }, labels: { 'lanekeeper.io/app': 'b' } });
    expect(summary(endpointsOf('orders', stated, gray))).toEqual(['10.0.0.2 gray ok']);
    const elsewhere = service('b', { labels: { 'lanekeeper.io/app': 'x' } });
    expect(endpointsOf('b', elsewhere, gray)).toEqual([]);
  });

  it('do not join a Service of another application that happens to have their name', () => {
    const api = [
      service('api', { selector: { app: 'frontend' } }),
      pod('frontend-1', '10.0.0.1', { labels: { app: 'frontend' } }),
      slice('api', [endpoint('frontend-1', '10.0.0.1')]),
    ];
    const lane = pod('api-gray', '10.0.0.3', { labels: { app: 'api', 'lanekeeper.io/lane': 'gray' } });
    expect(summary(endpointsOf('api', ...api, lane))).toContain('10.0.0.3 gray ok');
    const own = pod('api-1', '10.0.0.2', { labels: { app: 'api' } });
    expect(summary(endpointsOf('api', ...api, lane, own))).toEqual(['10.0.0.1 base ok']);
  });

  it('do not join the Service of another part of their application', () => {
    const labels = (component: string) => ({ app: 'shop', 'app.kubernetes.io/component': component });
    const objects = [
      service('db', { selector: labels('db') }),
      pod('db-1', '10.0.0.1', { labels: labels('db') }),
      slice('db', [endpoint('db-1', '10.0.0.1')]),
      pod('web-gray', '10.0.0.2', { labels: { ...labels('web'), 'lanekeeper.io/lane': 'gray' } }),
      pod('db-gray', '10.0.0.3', { labels: { ...labels('db'), 'lanekeeper.io/lane': 'gray' } }),
    ];
    expect(summary(endpointsOf('db', ...objects))).toEqual(['10.0.0.1 base ok', '10.0.0.3 gray ok']);
  });

  it('do not join from another namespace, nor before they have an address, nor after they have ended', () => {
    const others = [
      pod('far', '10.0.0.3', { labels: GRAY, namespace: 'other' }),
      pod('new', '', { labels: GRAY }),
      pod('done', '10.0.0.4', { labels: GRAY, phase: 'Succeeded' }),
    ];
    expect(summary(endpointsOf('b', service('b'), ...base, ...others))).toEqual(['10.0.0.1 base ok']);
  });

  it('do not join where they are of a Job, which listens to nobody', () => {
    const endpoints = endpointsOf(
      'b',
      service('b'),
      pod('b-1', '10.0.0.1', { labels: BASE }),
      slice('b', [endpoint('b-1', '10.0.0.1')]),
      pod('migrate', '10.0.0.2', { labels: GRAY, runsToEnd: true }),
    );
    expect(summary(endpoints)).toEqual(['10.0.0.1 base ok']);
  });

  it('have the port that the Service’s target names among their own', () => {
    const named = service('b', { ports: [{ ...HTTP_PORT, targetPort: 'web' }] });
    const ports = [{ name: 'web', containerPort: 9000, protocol: 'TCP' }];
    const [one] = endpointsOf('b', named, pod('b-new-1', '10.0.0.2', { labels: GRAY, ports }));
    expect(one?.ports).toEqual({ 80: 9000 });
    expect(endpointsOf('b', named, gray)).toEqual([]);
  });

  it('that are not ready are shown as such', () => {
    const unready = pod('b-new-1', '10.0.0.2', { labels: GRAY, isReady: false });
    expect(summary(endpointsOf('b', service('b'), ...base, unready))).toContain('10.0.0.2 gray unhealthy');
  });

  it('have the zone that endpoints of their node have', () => {
    const zoned = slice('b', [endpoint('b-1', '10.0.0.1', { zone: 'z1' })]);
    const endpoints = endpointsOf('b', service('b'), pod('b-1', '10.0.0.1', { labels: BASE }), zoned, gray);
    expect(endpoints.map(({ zone }) => zone)).toEqual(['z1', 'z1']);
  });
});
