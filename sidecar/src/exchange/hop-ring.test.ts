import { describe, expect, it } from 'vitest';
import { ProxyError } from '../proxy-error.ts';
import { beginRequest, createHarness, decisionOf, requestHead, servicePortOf } from './exchange.fixture.ts';

function pathsOf(hops: readonly { readonly path: string }[]): string[] {
  return hops.map((hop) => hop.path);
}

describe('the hop ring', () => {
  it('keeps the newest of its capacity and gives them newest first', () => {
    const harness = createHarness({ capacity: 3 });
    for (const path of ['/1', '/2', '/3', '/4', '/5']) {
      beginRequest(harness, decisionOf(), { head: requestHead({}, path) }).end({ status: 200 });
    }
    expect(pathsOf(harness.hops.read({}, 10))).toEqual(['/5', '/4', '/3']);
    expect(pathsOf(harness.hops.read({}, 2))).toEqual(['/5', '/4']);
  });

  it('filters by lane, service, trace and status, all at once', () => {
    const harness = createHarness();
    const base = { lane: 'base', rung: 'none', detail: '', ambiguous: false } as const;
    const trace = { traceparent: '00-7f-1-01' };
    beginRequest(harness, decisionOf(), { head: requestHead(trace, '/gray') }).end({ status: 200 });
    beginRequest(harness, decisionOf({ evidence: base }), { head: requestHead({}, '/base') }).end({
      status: 503,
    });
    const c = decisionOf({ servicePort: servicePortOf('c') });
    beginRequest(harness, c, { head: requestHead(trace, '/c') }).end({ status: 404 });
    const cut = new ProxyError('downstream-closed', 'left');
    beginRequest(harness, c, { head: requestHead({}, '/cut') }).end({ status: 499, error: cut });
    const read = (filter: Parameters<typeof harness.hops.read>[0]) => pathsOf(harness.hops.read(filter, 10));
    expect(read({ lane: 'base' })).toEqual(['/base']);
    expect(read({ service: 'b' })).toEqual(['/base', '/gray']);
    expect(read({ service: 'demo/c' })).toEqual(['/cut', '/c']);
    expect(read({ trace: '7f' })).toEqual(['/c', '/gray']);
    expect(read({ status: '5xx' })).toEqual(['/base']);
    expect(read({ status: '404' })).toEqual(['/c']);
    expect(read({ status: 'failed' })).toEqual(['/cut', '/base']);
    expect(read({ trace: '7f', service: 'c', status: '4xx', lane: 'gray' })).toEqual(['/c']);
    expect(read({ trace: '7f', lane: 'base' })).toEqual([]);
  });

  it('tells subscribers of each hop until they leave', () => {
    const harness = createHarness();
    const seen: number[] = [];
    const leave = harness.hops.subscribe((record) => seen.push(record.status));
    beginRequest(harness).end({ status: 200 });
    leave();
    beginRequest(harness).end({ status: 201 });
    expect(seen).toEqual([200]);
  });

  it('gives what came after an id, all after an id of another process, nothing without one', () => {
    const harness = createHarness({ capacity: 3 });
    for (let index = 0; index < 5; index++) beginRequest(harness).end({ status: 200 });
    const ids = (after: string | undefined) =>
      harness.hops.since(after).map((record) => harness.hops.idOf(record));
    expect(ids('test-4')).toEqual(['test-5']);
    expect(ids('test-1')).toEqual(['test-3', 'test-4', 'test-5']);
    expect(ids('test-5')).toEqual([]);
    expect(ids('test-nonsense')).toHaveLength(3);
    expect(ids('other-2')).toHaveLength(3);
    expect(ids(undefined)).toEqual([]);
    expect(ids(harness.hops.lastId())).toEqual([]);
  });
});
