import { describe, expect, it } from 'vitest';
import { decideInbound } from './decide-inbound.ts';
import type { ContextOptions } from './mesh.fixture.ts';
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

const STRICT = { ...DEMO, groups: [group(['a', 'b', 'c', 'z'], { mode: 'strict' })] };
const BASE_POD = at('10.0.2.1:8080');
const GRAY_POD = at('10.0.2.2:8080');

function arrive(
  headers: Readonly<Record<string, string>>,
  options: ContextOptions & { readonly to: ReturnType<typeof at>; readonly config?: typeof DEMO },
) {
  const { to, config = DEMO, ...rest } = options;
  const context = contextOf(config, { app: 'b', ...rest });
  return decideInbound(request('b', headers), connection('inbound', to), context);
}

describe('decideInbound', () => {
  it('hands a request of its own lane to the application that was addressed', () => {
    const gray = arrive({ baggage: 'lane=gray' }, { to: GRAY_POD, lane: 'gray' });
    expect(gray).toMatchObject({ target: GRAY_POD, subset: 'gray', escape: undefined });
    expect(arrive({}, { to: BASE_POD })).toMatchObject({ target: BASE_POD, subset: 'base' });
  });

  it('hands a connection that was not intercepted to the configured application, else refuses it', () => {
    const head = request('b');
    const accepted = decideInbound(head, connection('inbound'), contextOf(DEMO, { app: 'b' }));
    expect(accepted.target).toEqual(at('127.0.0.1:3000'));
    const homeless = contextOf(DEMO, { app: 'b', appAddress: undefined });
    expect(decideInbound(head, connection('inbound'), homeless).refusal?.code).toBe('unknown-destination');
  });

  it('sends an untagged request that reached a lane pod on to the baseline, once', () => {
    const decision = arrive({}, { to: GRAY_POD, lane: 'gray' });
    expect(decision).toMatchObject({ escape: 'corrected', subset: 'base', target: BASE_POD });
    const again = arrive({ 'x-lanekeeper-hop': 'corrected' }, { to: GRAY_POD, lane: 'gray' });
    expect(again).toMatchObject({ escape: 'loop', target: undefined, refusal: { code: 'loop' } });
  });

  it('sends a request of a lane that reached the baseline on to its lane', () => {
    const decision = arrive({ baggage: 'lane=gray' }, { to: BASE_POD });
    expect(decision).toMatchObject({ escape: 'corrected', subset: 'gray', target: GRAY_POD });
  });

  it('refuses in a strict group what reached the wrong lane', () => {
    const decision = arrive({}, { to: GRAY_POD, lane: 'gray', config: STRICT });
    expect(decision).toMatchObject({ escape: 'refused', target: undefined, refusal: { code: 'wrong-lane' } });
  });

  it("accepts at the baseline what the caller's sidecar chose to send there, though it sees the lane healthy", () => {
    const headers = { baggage: 'lane=gray', 'x-lanekeeper-hop': 'origin' };
    expect(arrive(headers, { to: BASE_POD })).toMatchObject({
      target: BASE_POD,
      subset: 'base',
      fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
      escape: undefined,
    });
  });

  it('accepts at the baseline what a sidecar chose that knows of no lane yet, though here the lane has no fallback', () => {
    const config = { ...DEMO, lanes: [lane('gray', { fallback: [] })] };
    const headers = { baggage: 'lane=gray', 'x-lanekeeper-hop': 'origin' };
    expect(arrive(headers, { to: BASE_POD, config })).toMatchObject({ target: BASE_POD, subset: 'base' });
    const unmeshed = arrive({ baggage: 'lane=gray' }, { to: BASE_POD, config });
    expect(unmeshed).toMatchObject({ escape: 'corrected', subset: 'gray' });
  });

  it('serves what its chain allows here when nothing better is left', () => {
    const sick = { healthy: false };
    const endpoints = [endpoint('10.0.2.1', sick), endpoint('10.0.2.2', { lane: 'gray', ...sick })];
    const services = [service('b', { endpoints })];
    const decision = arrive({ baggage: 'lane=gray' }, { to: BASE_POD, config: { ...DEMO, services } });
    expect(decision).toMatchObject({
      target: BASE_POD,
      fallback: { from: 'gray', to: 'base' },
      escape: undefined,
    });
    const config = { ...DEMO, services, lanes: [lane('gray', { fallback: [] })] };
    expect(arrive({ baggage: 'lane=gray' }, { to: BASE_POD, config }).refusal?.code).toBe('no-endpoint');
  });

  it('knows its own service by name where the connection was not intercepted, and corrects there too', () => {
    const head = request('localhost:3000', { baggage: 'lane=gray' });
    const decision = decideInbound(head, connection('inbound'), contextOf(DEMO, { app: 'b' }));
    expect(decision).toMatchObject({ escape: 'corrected', target: GRAY_POD });
  });

  it('knows its own service by the address it listens on, whatever the workload is called', () => {
    const here = { ...connection('inbound'), local: BASE_POD };
    const context = contextOf(DEMO, { app: 'nameless' });
    expect(decideInbound(request('localhost'), here, context)).toMatchObject({
      servicePort: { service: { id: 'default/b' } },
      endpoint: { key: '10.0.2.1:8080' },
      target: at('127.0.0.1:3000'),
    });
  });

  it("does not believe a caller's sidecar that sent the baseline to a lane", () => {
    const decision = arrive({ 'x-lanekeeper-hop': 'origin' }, { to: GRAY_POD, lane: 'gray' });
    expect(decision).toMatchObject({ escape: 'corrected', subset: 'base' });
  });

  it('accepts a lane that falls back to the lane of this pod, and corrects one that does not', () => {
    const config = mesh({
      services: [service('b', { endpoints: [endpoint('10.0.2.1'), endpoint('10.0.2.2', { lane: 'gray' })] })],
      groups: [group(['b'])],
      lanes: [lane('gray'), lane('green', { fallback: ['gray', 'base'] }), lane('blue')],
    });
    const options = { to: GRAY_POD, lane: 'gray', config };
    expect(arrive({ baggage: 'lane=green' }, options)).toMatchObject({
      target: GRAY_POD,
      fallback: { from: 'green', to: 'gray' },
    });
    expect(arrive({ baggage: 'lane=blue' }, options)).toMatchObject({ escape: 'corrected', subset: 'base' });
  });

  it('never serves the baseline on a lane pod, not even when there is no baseline', () => {
    const endpoints = [endpoint('10.0.2.2', { lane: 'gray' })];
    const config = mesh({ services: [service('b', { endpoints })] });
    const decision = arrive({}, { to: GRAY_POD, lane: 'gray', config });
    expect(decision).toMatchObject({ escape: 'refused', refusal: { code: 'no-endpoint' } });
    const unknown = arrive({}, { to: GRAY_POD, lane: 'gray', config: mesh() });
    expect(unknown).toMatchObject({ escape: 'refused', refusal: { code: 'wrong-lane' } });
  });

  it('serves on a baseline pod while the mesh is empty, tagged or not', () => {
    for (const headers of [{}, { baggage: 'lane=gray' }]) {
      expect(arrive(headers, { to: BASE_POD, config: mesh() })).toMatchObject({ target: BASE_POD });
    }
  });

  it('takes an untagged request into its own lane where the pod is told to adopt', () => {
    const options = { to: GRAY_POD, lane: 'gray', untaggedInbound: 'adopt' } as const;
    expect(arrive({}, options)).toMatchObject({
      target: GRAY_POD,
      evidence: { lane: 'gray', rung: 'workload' },
    });
  });

  it('colours at an entry workload and sends the coloured request to the lane', () => {
    const match = [{ headers: { 'x-user': { exact: '7' } } }];
    const config = { ...DEMO, lanes: [lane('gray', { match, entries: ['b'] })] };
    expect(arrive({ 'x-user': '7' }, { to: BASE_POD, config })).toMatchObject({
      evidence: { lane: 'gray', rung: 'rule' },
      escape: 'corrected',
      target: GRAY_POD,
    });
    const elsewhere = { ...DEMO, lanes: [lane('gray', { match, entries: ['c'] })] };
    expect(arrive({ 'x-user': '7' }, { to: BASE_POD, config: elsewhere })).toMatchObject({ subset: 'base' });
  });

  it('sends what is coloured only here to its lane, though a sidecar chose this pod without knowing, and in a strict group too', () => {
    const lanes = [lane('gray', { match: [{ headers: { _env: { exact: 'grey' } } }], entries: ['b'] })];
    const headers = { _env: 'grey', 'x-lanekeeper-hop': 'origin' };
    for (const config of [DEMO, STRICT]) {
      expect(arrive(headers, { to: BASE_POD, config: { ...config, lanes } })).toMatchObject({
        evidence: { rung: 'rule' },
        target: GRAY_POD,
        refusal: undefined,
      });
    }
  });

  it("does not colour at a workload of another group that bears an entry's name", () => {
    const match = [{ headers: { 'x-user': { exact: '7' } } }];
    const groups = [group(['b'], { name: 'mine' }), group([], { name: 'demo' })];
    const config = { ...DEMO, groups, lanes: [lane('gray', { match, entries: ['b'] })] };
    expect(arrive({ 'x-user': '7' }, { to: BASE_POD, config })).toMatchObject({ evidence: { rung: 'none' } });
  });

  it('never sends a corrected request to itself where label and configuration disagree', () => {
    const decision = arrive({ baggage: 'lane=gray' }, { to: GRAY_POD, lane: 'base' });
    expect(decision).toMatchObject({ subset: 'base', target: GRAY_POD, escape: undefined });
  });

  it('finds its own service by the address it was reached at, which two services may share', () => {
    const shared = endpoint('10.0.2.2', { lane: 'gray' });
    const config = mesh({
      services: [
        service('another', { endpoints: [shared, endpoint('10.0.5.1')] }),
        service('b', { endpoints: [shared] }),
      ],
    });
    const context = contextOf(config, { app: 'b', lane: 'gray' });
    const byName = decideInbound(request('another'), connection('inbound', GRAY_POD), context);
    expect(byName).toMatchObject({ escape: 'corrected', endpoint: { key: '10.0.5.1:8080' } });
    const byApp = decideInbound(request('localhost'), connection('inbound', GRAY_POD), context);
    expect(byApp.servicePort?.service.id).toBe('default/b');
  });
});
