import { describe, expect, it } from 'vitest';
import type { EndpointConfig, LaneConfig } from '@lanekeeper/protocol/model';
import { contextOf, endpoint, firstUsable, group, lane, mesh, service } from './mesh.fixture.ts';
import { noEndpoint } from './refusals.ts';
import { selectSubset } from './select-subset.ts';

const GRAY = endpoint('10.0.0.9', { lane: 'gray' });
const BASE = endpoint('10.0.0.1');
const ANY = { tried: undefined, preferred: undefined };

function select(
  wanted: string,
  endpoints: readonly EndpointConfig[],
  lanes: readonly LaneConfig[] = [lane('gray')],
) {
  const config = mesh({ services: [service('b', { endpoints })], groups: [group(['b'])], lanes });
  const { snapshot } = contextOf(config);
  const servicePort = snapshot.services.get('default/b')?.ports.get(80);
  if (servicePort === undefined) throw new Error('the mesh of this test has no service b');
  const context = { laneNames: snapshot.laneNames, picker: firstUsable };
  const { subset, endpoint: picked, fallback, dropped } = selectSubset(wanted, servicePort, context, ANY);
  const refusal =
    picked === undefined ? noEndpoint(wanted, servicePort, snapshot.laneNames, dropped) : undefined;
  return { subset, key: picked?.key, fallback, dropped, refusal };
}

describe('selectSubset', () => {
  it('takes the endpoint of the lane', () => {
    expect(select('gray', [BASE, GRAY])).toMatchObject({ subset: 'gray', key: '10.0.0.9:8080' });
    expect(select('base', [GRAY, BASE])).toMatchObject({ subset: 'base', key: '10.0.0.1:8080' });
  });

  it('falls back to baseline when the lane has no endpoint here', () => {
    const green = endpoint('10.0.0.8', { lane: 'green' });
    expect(select('gray', [BASE, green])).toMatchObject({
      subset: 'base',
      fallback: { from: 'gray', to: 'base', reason: 'no-endpoint-in-lane' },
    });
  });

  it('falls back to baseline when the lane has no healthy endpoint, and says which were dropped', () => {
    expect(select('gray', [BASE, { ...GRAY, healthy: false }])).toMatchObject({
      subset: 'base',
      fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
      dropped: [{ endpoint: '10.0.0.9:8080', reason: 'unhealthy' }],
    });
  });

  it('walks the declared chain in order', () => {
    const green = endpoint('10.0.0.8', { lane: 'green' });
    const blue = endpoint('10.0.0.7', { lane: 'blue' });
    const lanes = [lane('gray', { fallback: ['red', 'green', 'blue', 'base'] })];
    const sick = [BASE, blue, { ...green, healthy: false }, { ...GRAY, weight: 0 }];
    expect(select('gray', sick, lanes)).toMatchObject({
      subset: 'blue',
      dropped: [
        { endpoint: '10.0.0.9:8080', reason: 'zero-weight' },
        { endpoint: '10.0.0.8:8080', reason: 'unhealthy' },
      ],
    });
    expect(select('gray', [BASE, blue, green], lanes)).toMatchObject({
      subset: 'green',
      fallback: { from: 'gray', to: 'green', reason: 'no-endpoint-in-lane' },
    });
  });

  it('serves a service without any lane from its baseline, even for a lane that declares no fallback', () => {
    expect(select('gray', [BASE], [lane('gray', { fallback: [] })])).toMatchObject({
      subset: 'base',
      fallback: { from: 'gray', to: 'base', reason: 'service-not-in-lane' },
    });
  });

  it('lets a chain declared for just this service hold where no endpoint is in any lane', () => {
    const strict = [lane('gray', { serviceFallback: { b: [] } })];
    expect(select('gray', [BASE], strict).refusal?.code).toBe('no-endpoint');
  });

  it('takes a lane that only the rest of the mesh has for a lane: it falls back, and is not unknown', () => {
    const elsewhere = [lane('gray'), lane('purple', { group: '' })];
    expect(select('purple', [BASE, GRAY], elsewhere)).toMatchObject({
      subset: 'base',
      fallback: { from: 'purple', to: 'base', reason: 'no-endpoint-in-lane' },
    });
    expect(select('purple', [BASE], elsewhere)).toMatchObject({
      fallback: { from: 'purple', to: 'base', reason: 'service-not-in-lane' },
    });
  });

  it('treats an unknown lane as baseline and says so', () => {
    expect(select('typo', [BASE, GRAY])).toMatchObject({
      subset: 'base',
      fallback: { from: 'typo', to: 'base', reason: 'unknown-lane' },
    });
  });

  it.each([
    [
      'gray',
      [BASE, { ...GRAY, healthy: false }, { ...GRAY, address: '10.0.0.8', weight: 0 }],
      'default/b:80 has no endpoint for lane gray: gray has 2 endpoints, none usable (1 unhealthy, 1 zero-weight); ' +
        "the lane declares no fallback here. Make an endpoint of gray ready, or change the lane's fallback.",
    ],
    [
      'base',
      [GRAY],
      'default/b:80 has no endpoint for the baseline: base has no endpoint; the baseline has no fallback. ' +
        'Make an endpoint of base ready.',
    ],
  ])('refuses %s with a sentence that tells what is missing', (wanted, endpoints, sentence) => {
    const { refusal } = select(wanted, endpoints, [lane('gray', { fallback: [] })]);
    expect(refusal?.code).toBe('no-endpoint');
    expect(refusal?.message).toBe(sentence);
  });
});
