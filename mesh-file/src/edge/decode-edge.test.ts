import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUpdate, type DecodedUpdate } from '../decode-update.ts';
import { EdgeMemo } from './edge-memo.ts';
import { arbitraryEdge, PEM } from './arbitrary-edge.fixture.ts';

/** As it comes from the wire, in an update of its own. */
function decode(edge: unknown, memo?: EdgeMemo): DecodedUpdate {
  const update = {
    nonce: '1',
    edge: { version: 'e1', value: edge },
    services: [],
    removed: [],
    answered: [],
  };
  return decodeUpdate(JSON.parse(JSON.stringify(update)), memo);
}

const problemsOf = (edge: unknown): readonly string[] => {
  const decoded = decode(edge);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};

const POLICY = { trustIncomingTag: false, trustedProxies: [], proxyProtocol: false, allow: [], deny: [] };
const BACKEND = { service: { name: 'a', namespace: 'shop' }, port: 80, weight: 1 };
const RULE = { name: 'rule', match: {}, action: { kind: 'forward', backends: [BACKEND] } };

/** One listener with one rule, `changes` instead of what is right in them. */
function edgeWith(rule: object = {}, listener: object = {}): unknown {
  const hosts = [{ host: '*', rules: [{ ...RULE, ...rule }] }];
  const whole = { name: 'l', port: 8080, publicPort: 80, protocol: 'http', host: '*', certificates: [] };
  return { listeners: [{ ...whole, policy: POLICY, hosts, ...listener }], certificates: {} };
}

test('what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(arbitraryEdge, (edge: EdgeConfig) => {
      expect(decode(edge)).toEqual({
        update: {
          ...{ kind: 'update', nonce: '1', services: [], removed: [], answered: [] },
          edge: { version: 'e1', value: edge },
        },
      });
    }),
  );
});

test('with what was decoded before, it decodes to what it would without', () => {
  const edges = fc.tuple(arbitraryEdge, arbitraryEdge);
  fc.assert(
    fc.property(edges, fc.array(fc.constantFrom(0, 1, 2), { maxLength: 6 }), ([first, second], order) => {
      const memo = new EdgeMemo();
      const bad = edgeWith({ allow: ['everybody'] });
      for (const at of order) {
        const edge = [first, second, bad][at];
        expect(decode(edge, memo)).toEqual(decode(edge));
      }
    }),
  );
});

test('hosts that are as before are the same objects', () => {
  const memo = new EdgeMemo();
  const hostsOf = (...hosts: readonly unknown[]): readonly unknown[] => {
    const decoded = decode(edgeWith({}, { hosts }), memo);
    return 'update' in decoded ? (decoded.update.edge?.value.listeners[0]?.hosts ?? []) : [];
  };
  const [a, b, c] = ['a.example', 'b.example', 'c.example'].map((host) => ({ host, rules: [RULE] }));
  const before = hostsOf(a, b);
  const after = hostsOf(c, b);
  expect(after[1]).toBe(before[1]);
  expect(after[0]).toEqual(c);
  expect(hostsOf(a)[0]).not.toBe(before[0]);
});

test('what a later version knows is ignored', () => {
  expect(problemsOf(edgeWith({ wasm: { module: 'x' } }, { http3: true }))).toEqual([]);
});

test.each([
  [{ action: { kind: 'proxy' } }, 'action.kind: expected one of forward, redirect, reply, found "proxy"'],
  [
    { action: { kind: 'redirect', status: 200 } },
    'action.status: expected one of 301, 302, 303, 307, 308, found 200',
  ],
  [{ match: { path: { regex: '(' } } }, 'match.path.regex: is no regular expression (RE2)'],
  [{ match: { headers: { 'X-A': { exact: 'a' } } } }, 'match.headers: expected a header name in lower-case'],
  [{ timeouts: { requestMs: 2 ** 31 } }, 'timeouts.requestMs: expected an integer from 0 to 2147483647'],
  [{ allow: ['10.0.0.0/33'] }, 'allow[0]: expected '],
  [
    { requestHeaders: { set: { 'x-a': 'a\r\nx-b: b' }, add: {}, remove: [] } },
    'requestHeaders.set.x-a: expected a header value',
  ],
  [
    { rewrite: { path: { full: '/a', prefix: '/b' } } },
    'rewrite.path: expected one of full, prefix, found full and prefix',
  ],
  [{ rewrite: { host: 'a b' } }, 'rewrite.host: expected a host'],
  [{ mirrors: [{ ...BACKEND, percent: 101 }] }, 'mirrors[0].percent: expected a number from 0 to 100'],
  [
    { canaries: [{ name: 'c', backend: BACKEND, header: { name: 'a', value: 'b', pattern: 'c' } }] },
    'canaries[0].header: value and pattern exclude each other',
  ],
])('refuses %j', (rule, expected) => {
  const [problem] = problemsOf(edgeWith(rule));
  expect(problem).toContain(`edge.value.listeners[0].hosts[0].rules[0].${expected}`);
});

test('names every mistake of a listener', () => {
  const bad = { port: 0, host: 'http://x', protocol: 'h2', policy: { ...POLICY, deny: ['all'] } };
  expect(problemsOf(edgeWith({}, bad)).map((problem) => problem.split(':')[0])).toEqual([
    'edge.value.listeners[0].port',
    'edge.value.listeners[0].protocol',
    'edge.value.listeners[0].host',
    'edge.value.listeners[0].policy.deny[0]',
  ]);
});

test.each([
  ['a key that is none', { certificate: PEM.certificate, key: 'c2VjcmV0' }],
  ['a key in the place of the certificate', { certificate: `${PEM.key}c2VjcmV0`, key: PEM.key }],
  ['a key that is encrypted', { ...PEM, key: PEM.key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') }],
  ['a key and nothing else', PEM.key],
  ['a list of keys', { certificate: [PEM.key], key: [PEM.key] }],
  ['a number', { certificate: 7, key: 8 }],
])('refuses %s without showing it', (_what, certificate) => {
  const problems = problemsOf({ listeners: [], certificates: { 'shop/tls': certificate } });
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    expect(problem).toMatch(/^edge\.value\.certificates\["shop\/tls"\]/);
    expect(problem).not.toMatch(/TUlJRQ|c2VjcmV0|PRIVATE|found/);
  }
});
