import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { EdgeConfig, EdgeListener, EdgeMatch, EdgeRule } from '@lanekeeper/protocol/edge';
import { compileNetworks } from '@lanekeeper/runtime/networks';
import { SETTINGS } from '../mesh.fixture.ts';
import { pickers } from '../pickers.fixture.ts';
import { requestEdits } from '../request-edits.ts';
import { EDGE_MESH, EDGE_PORTS, edges, hostNames, requestPaths } from './arbitrary-edge.fixture.ts';
import { edgeHandling } from './edge-handling.ts';
import { arriving, ask, headOf, type Sent } from './edge.fixture.ts';

/** What the edge means, written down a second time without any index and without reading paths in two ways. */

function isFor(host: string, name: string): boolean {
  return host === '*' || host === name || (host.startsWith('*.') && name.endsWith(host.slice(1)));
}

function bySpecificity<T extends { readonly host: string }>(
  things: readonly T[],
  name: string,
): readonly T[] {
  const rank = (host: string): number => (host === name ? 1000 : host === '*' ? 0 : host.length);
  return things.filter(({ host }) => isFor(host, name)).toSorted((a, b) => rank(b.host) - rank(a.host));
}

function listenerFor({ listeners }: EdgeConfig, port: number, name: string): EdgeListener | undefined {
  return bySpecificity(
    listeners.filter((one) => one.port === port),
    name,
  )[0];
}

function pathHolds(path: EdgeMatch['path'], pathname: string): boolean {
  if (path === undefined) return true;
  if ('exact' in path) return path.exact === pathname;
  if ('prefix' in path) {
    const prefix = path.prefix.replace(/\/+$/, '');
    return pathname === prefix || pathname.startsWith(`${prefix}/`);
  }
  const regex = compileRegex(path.regex);
  return !('problem' in regex) && regex.test(pathname);
}

function holds({ match }: EdgeRule, sent: Sent, pathname: string): boolean {
  const version = sent.headers?.['x-v'];
  const wanted = match.headers?.['x-v'];
  const isVersion =
    wanted === undefined || ('exact' in wanted ? version === wanted.exact : version === undefined);
  const isQuery = match.query === undefined || sent.path?.includes('?q=1') === true;
  const isMethod = match.method === undefined || match.method === sent.method;
  return isVersion && isQuery && isMethod && pathHolds(match.path, pathname);
}

function ruleFor(listener: EdgeListener, sent: Sent, pathname: string): EdgeRule | undefined {
  for (const { rules } of bySpecificity(listener.hosts, sent.host ?? '')) {
    const rule = rules.find((one) => holds(one, sent, pathname));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function mayCome(
  { allow = [], deny = [] }: { allow?: readonly string[]; deny?: readonly string[] },
  peer: string,
) {
  return (allow.length === 0 || compileNetworks(allow)(peer)) && !compileNetworks(deny)(peer);
}

const requests = fc.record({
  edge: edges,
  port: fc.constantFrom<number>(...EDGE_PORTS),
  serverName: fc.option(hostNames, { nil: undefined }),
  host: hostNames,
  path: requestPaths,
  query: fc.constantFrom('', '?q=1', '?q=../x'),
  method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
  headers: fc.dictionary(
    fc.constantFrom('x-v', 'x-canary', 'baggage'),
    fc.constantFrom('1', 'always', 'lane=gray'),
  ),
  peer: fc.constantFrom('203.0.113.9', '10.1.1.1'),
  picker: pickers,
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

interface Visit {
  readonly edge: EdgeConfig;
  readonly sent: Sent;
  readonly port: number;
  readonly serverName: string | undefined;
  readonly peer: string;
}

/** The rule that a request gets, or the code of its refusal. */
function expectedOf({ edge, sent, port, serverName, peer }: Visit): EdgeRule | string {
  const listener = listenerFor(edge, port, sent.host ?? '');
  if (listener === undefined) return 'no-route';
  if (serverName !== undefined && listenerFor(edge, port, serverName) !== listener) return 'misdirected';
  if (!mayCome(listener.policy, peer)) return 'forbidden-client';
  const pathname = sent.path?.split('?')[0]?.replaceAll('%61', 'a') ?? '';
  return ruleFor(listener, sent, pathname) ?? 'no-route';
}

describe('a gateway, over generated edges', () => {
  it('takes a request only by the first rule of the most specific listener and host that holds, and to its backends alone', () => {
    fc.assert(
      fc.property(requests, ({ edge, port, serverName, peer, picker, random, path, query, ...rest }) => {
        const on = arriving(port, { peer, ...(serverName === undefined ? {} : { serverName }) });
        const sent: Sent = { ...rest, path: `${path}${query}`, on };
        const decision = ask(edge, sent, { mesh: EDGE_MESH, picker, random: () => random });
        const code = decision.refusal?.code;
        const expected = expectedOf({ edge, sent, port, serverName, peer });
        if (code === 'unsafe-path') {
          expect(path).toMatch(/[%;\\.]|\/\//);
          expect([decision.edge, decision.target]).toEqual([undefined, undefined]);
        } else if (typeof expected === 'string') {
          expect([code, decision.edge, decision.target]).toEqual([expected, undefined, undefined]);
        } else {
          expect(decision.edge?.rule.name).toBe(expected.name);
          if (mayCome(expected, peer)) expectOwnBackend(decision, expected);
          else expect(code).toBe('forbidden-client');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('lets no spelling of a path around a rule that stands before another', () => {
    const disguises = fc.constantFrom(
      '/admin',
      '/%61dmin',
      '//admin',
      '/x/../admin',
      '/%2fadmin',
      '/admin;a',
      '/\\admin',
      '/x/..%2fadmin',
      '/./admin',
      '/%2e/admin',
    );
    fc.assert(
      fc.property(disguises, requestPaths, (disguise, rest) => {
        const path = `${disguise}${rest === '/' ? '' : rest}`;
        const config = twoRules();
        const { edge: taken, refusal } = ask(config, { path });
        // Whoever decodes, merges and resolves all of it finds himself under /admin.
        expect(refusal?.code ?? taken?.rule.name).toMatch(/^(?:unsafe-path|forbidden-client)$/);
      }),
    );
  });

  it('gives every request a decision and edits that a driver can write', () => {
    const junk = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(
        edges,
        junk,
        junk,
        fc.dictionary(fc.constantFrom('cookie', 'origin', 'x-forwarded-for'), junk),
        (edge, host, path, headers) => {
          const sent = { host, path, headers, method: 'OPTIONS', on: arriving(8080) };
          const decision = ask(edge, sent, { mesh: EDGE_MESH });
          const head = headOf(sent);
          const edits = requestEdits(decision, head, 'gateway', SETTINGS);
          edgeHandling(decision, head, () => edits);
          const replaced = edits.filter(({ append }) => append !== true).map(({ name }) => name);
          expect(new Set(replaced).size).toBe(replaced.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function twoRules(): EdgeConfig {
  const to = (name: string) =>
    ({
      kind: 'forward',
      backends: [{ service: { name, namespace: 'default' }, port: 80, weight: 1 }],
    }) as const;
  const rules: readonly EdgeRule[] = [
    { name: 'admin', match: { path: { prefix: '/admin' } }, action: to('a'), allow: ['10.0.0.0/8'] },
    { name: 'rest', match: { path: { prefix: '/' } }, action: to('a') },
  ];
  const policy = { trustIncomingTag: false, trustedProxies: [], proxyProtocol: false, allow: [], deny: [] };
  const listener = {
    name: 'l',
    port: 8080,
    publicPort: 80,
    protocol: 'http',
    host: '*',
    certificates: [],
    policy,
  } as const;
  return { certificates: {}, listeners: [{ ...listener, hosts: [{ host: '*', rules }] }] };
}

function expectOwnBackend(
  { servicePort, endpoint, evidence, edge, refusal }: ReturnType<typeof ask>,
  rule: EdgeRule,
): void {
  if (rule.action.kind !== 'forward') {
    expect([servicePort, endpoint, refusal, edge?.answer]).toEqual([
      undefined,
      undefined,
      undefined,
      rule.action.kind,
    ]);
    return;
  }
  const own = [...rule.action.backends, ...(rule.canaries ?? []).map(({ backend }) => backend)];
  if (servicePort === undefined) return;
  const chosen = own.filter(({ service }) => service?.name === servicePort.service.name);
  expect(chosen).not.toEqual([]);
  const coloured = chosen.filter(({ lane, subset }) => lane !== undefined || (subset ?? 'base') !== 'base');
  if (evidence.lane !== 'base') {
    expect(coloured.map(({ lane, subset }) => lane ?? subset)).toContain(evidence.lane);
  }
}
