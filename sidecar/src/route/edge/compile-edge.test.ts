import { describe, expect, it } from 'vitest';
import { compileEdge } from './compile-edge.ts';
import { edge, listener, rule } from './edge.fixture.ts';

const GATEWAY = { trustIncomingTag: false, routes: [] };
const A = { host: 'a.example.com', rules: [rule('a')] };
const B = { host: 'b.example.com', rules: [rule('b')] };

function hostsOf(config: ReturnType<typeof edge>) {
  return compileEdge(config, GATEWAY).ports.get(8080)?.any?.hosts.exact;
}

describe('compileEdge', () => {
  it('makes nothing anew for a snapshot with the same edge', () => {
    const config = edge({ ...listener([]), hosts: [A, B] });
    expect(compileEdge(config, { ...GATEWAY }).ports).toBe(compileEdge(config, GATEWAY).ports);
    expect(compileEdge(undefined, GATEWAY).plain).toBe(compileEdge(config, GATEWAY).plain);
  });

  it('makes only the hosts anew that have changed', () => {
    const before = hostsOf(edge({ ...listener([]), hosts: [A, B] }));
    const after = hostsOf(edge({ ...listener([]), hosts: [A, { ...B, rules: [rule('b2')] }] }));
    expect(after?.get('a.example.com')).toBe(before?.get('a.example.com'));
    expect(after?.get('b.example.com')).not.toBe(before?.get('b.example.com'));
  });

  it('takes the rules of a host that stands there twice for one list, in their order', () => {
    const hosts = hostsOf(
      edge({ ...listener([]), hosts: [A, B, { ...A, host: 'A.example.com', rules: [rule('more')] }] }),
    );
    expect(hosts?.get('a.example.com')?.any.map(({ name, order }) => [name, order])).toEqual([
      ['a', 0],
      ['more', 1],
    ]);
  });
});
