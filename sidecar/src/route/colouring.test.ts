import type { ColourRule, MatchRule } from '@lanekeeper/protocol/model';
import { describe, expect, it } from 'vitest';
import { compileSnapshot } from './compile-snapshot.ts';
import { decideGateway } from './decide-gateway.ts';
import { decideInbound } from './decide-inbound.ts';
import { at, connection, contextOf, DEMO, group, lane, request, SETTINGS } from './mesh.fixture.ts';
import { requestEdits } from './request-edits.ts';
import { responseEdits } from './response-edits.ts';

const BASE_POD = at('10.0.2.1:8080');

describe('a gateway', () => {
  const routes = [{ hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 }];
  const withRules = (...match: MatchRule[]) => ({
    ...DEMO,
    lanes: [lane('gray', { match })],
    gateway: { trustIncomingTag: false, routes },
  });

  function ask(match: readonly MatchRule[], headers: Readonly<Record<string, string>> = {}, key = 'new-key') {
    const head = request('www.example.com', headers);
    const context = contextOf(withRules(...match), { newKey: () => key });
    const decision = decideGateway(head, connection('gateway'), context);
    return { lane: decision.evidence.lane, edits: responseEdits(decision, head, SETTINGS) };
  }

  const cookie = {
    name: 'set-cookie',
    value: 'lanekeeper-key=new-key; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax',
    append: true,
  };

  it('gives a client that nothing tells apart a key in a cookie, and decides by it at once', () => {
    expect(ask([{ percent: 100 }])).toEqual({ lane: 'gray', edits: [cookie] });
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    const first = keys.map((key) => ask([{ percent: 40 }], {}, key).lane);
    const later = keys.map((key) => ask([{ percent: 40 }], { cookie: `a=b; lanekeeper-key=${key}` }));
    expect(later.map((answer) => answer.lane)).toEqual(first);
    expect(new Set(first)).toEqual(new Set(['gray', 'base']));
    expect(later.flatMap(({ edits }) => edits)).toEqual([]);
  });

  it('gives the key also to a client that is not among the share: the next answer must be the same', () => {
    expect(ask([{ percent: 0 }])).toEqual({ lane: 'base', edits: [cookie] });
  });

  it('gives none where no share was asked for', () => {
    const byUser = { percent: 100, key: { header: 'x-user' } };
    expect(ask([byUser], { 'x-user': '7' })).toEqual({ lane: 'gray', edits: [] });
    expect(ask([{ hosts: ['other.example.com'], percent: 100 }]).edits).toEqual([]);
    expect(ask([{ hosts: ['*'] }, { percent: 100 }]).edits).toEqual([]);
    expect(ask([byUser])).toEqual({ lane: 'gray', edits: [cookie] });
  });
});

describe('the inbound side of an entry', () => {
  function arrive(
    config: typeof DEMO,
    headers: Readonly<Record<string, string>> = {},
    options: Parameters<typeof contextOf>[1] = {},
  ) {
    const context = contextOf(config, { app: 'b', ...options });
    return decideInbound(request('b', headers), connection('inbound', BASE_POD), context);
  }
  const beside = (more: Partial<ColourRule>): typeof DEMO => {
    const rule = { name: 'r', lane: 'gray', entries: ['b'], match: [{ hosts: ['b'] }], priority: 0 };
    return { ...DEMO, colouring: [{ ...rule, ...more }] };
  };

  it('takes the other end of the connection for the client', () => {
    const entry = (cidr: string) => ({
      ...DEMO,
      lanes: [lane('gray', { match: [{ sourceCidrs: [cidr] }], entries: ['b'] })],
    });
    expect(arrive(entry('127.0.0.0/24')).evidence).toMatchObject({ lane: 'gray', rung: 'rule' });
    expect(arrive(entry('10.0.0.0/8')).evidence).toMatchObject({ lane: 'base' });
  });

  it('sets no cookie: there a share without a key has nobody', () => {
    const config = { ...DEMO, lanes: [lane('gray', { match: [{ percent: 100 }], entries: ['b'] })] };
    const decision = arrive(config, { cookie: 'lanekeeper-key=k' });
    expect(decision.evidence).toMatchObject({ lane: 'base', rung: 'none' });
    expect(responseEdits(decision, request('b'), SETTINGS)).toEqual([]);
  });

  it('is told by app, of any namespace or of its own', () => {
    for (const [entry, laneOf] of [
      ['b', 'gray'],
      ['default/b', 'gray'],
      ['other/b', 'base'],
      ['c', 'base'],
    ] as const) {
      const match = [{ hosts: ['b'] }];
      expect(arrive({ ...DEMO, lanes: [lane('gray', { match, entries: [entry] })] }).evidence.lane).toBe(
        laneOf,
      );
      expect(arrive(beside({ entries: [entry] })).evidence.lane).toBe(laneOf);
    }
  });

  it('asks rules beside lanes in whatever group it is, together with those of its own', () => {
    const rule = beside({ name: 'TrafficLabelRule shop/beta', priority: 1 });
    expect(arrive(rule).evidence.detail).toBe('rule TrafficLabelRule shop/beta#0');
    expect(arrive({ ...rule, groups: [] }).evidence.lane).toBe('gray');
    const own = [lane('green', { match: [{ headers: { x: { exact: '1' } } }], entries: ['b'], priority: 2 })];
    expect(arrive({ ...rule, lanes: own }, { x: '1' }).evidence.lane).toBe('green');
    expect(arrive({ ...rule, lanes: own }).evidence.lane).toBe('gray');
    const others = [group(['a', 'c', 'z']), group(['b'], { name: 'mine' })];
    expect(arrive({ ...rule, groups: others, lanes: own }, { x: '1' }).evidence.lane).toBe('gray');
  });

  it('may be told to keep requests in the baseline', () => {
    const config = {
      ...beside({ lane: 'base', match: [{ headers: { x: { exact: '1' } } }], priority: 1 }),
      lanes: [lane('gray', { match: [{ hosts: ['b'] }], entries: ['b'] })],
    };
    expect(arrive(config).evidence.lane).toBe('gray');
    expect(arrive(config, { x: '1' })).toMatchObject({
      evidence: { lane: 'base', rung: 'rule' },
      subset: 'base',
    });
  });

  it('hands on the new lane in every carrier where a rule overwrites the tag', () => {
    const bridged = group(['a', 'b', 'c', 'z'], {
      evidence: { trace: true, inFlight: true, bridge: ['x-mse-tag'] },
    });
    const config = { ...beside({ match: [{ hosts: ['b'], overwrite: true }] }), groups: [bridged] };
    const head = request('b', { baggage: 'user=7,lane=blue', 'x-mse-tag': 'blue' });
    const context = contextOf(config, { app: 'b' });
    const decision = decideInbound(head, connection('inbound', BASE_POD), context);
    const edits = requestEdits(decision, head, 'inbound', config.settings);
    expect(edits).toContainEqual({ name: 'baggage', value: 'user=7,lane=gray' });
    expect(edits).toContainEqual({ name: 'x-mse-tag', value: 'gray' });
  });
});

it('compiles rules anew only where they have changed', () => {
  const options = { generation: 'g', namespace: 'default' };
  const config = { ...DEMO, lanes: [lane('gray', { match: [{ paths: [{ regex: '/a.*' }] }] })] };
  const first = compileSnapshot(config, options);
  expect(compileSnapshot({ ...config, services: [] }, options).rules).toBe(first.rules);
  expect(compileSnapshot({ ...config, lanes: [...config.lanes] }, options).rules).not.toBe(first.rules);
  expect(compileSnapshot({ ...config, colouring: [] }, options).rules).not.toBe(first.rules);
  expect(compileSnapshot(config, { ...options, namespace: 'other' }).rules).not.toBe(first.rules);
  const elsewhere = { ...config, settings: { ...SETTINGS, regionHeader: 'x-geo' } };
  expect(compileSnapshot(elsewhere, options).rules).not.toBe(first.rules);
});
