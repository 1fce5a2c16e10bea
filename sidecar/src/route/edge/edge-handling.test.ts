import { describe, expect, it } from 'vitest';
import type { EdgeListener, EdgeRule } from '@lanekeeper/protocol/edge';
import type { EdgeHandling } from '../../exchange/exchange.ts';
import { applyEdits } from '../../lane/head.fixture.ts';
import type { Decision } from '../decision.ts';
import { DEMO, lane, SETTINGS, type ContextOptions } from '../mesh.fixture.ts';
import { requestEdits } from '../request-edits.ts';
import { responseEdits } from '../response-edits.ts';
import { edgeHandling } from './edge-handling.ts';
import { arriving, ask, backend, edge, headOf, listener, OPEN, rule, type Sent } from './edge.fixture.ts';

interface Handled {
  readonly decision: Decision;
  readonly sent: Readonly<Record<string, string>>;
  readonly answered: Readonly<Record<string, string>>;
  readonly handling: EdgeHandling | undefined;
}

/** One request to one rule, through everything that a driver is given. */
function handle(
  more: Partial<EdgeRule>,
  sent: Sent = {},
  options: ContextOptions & { readonly on?: Partial<EdgeListener> } = {},
): Handled {
  const { on, ...rest } = options;
  const decision = ask(edge(listener([rule('r', more)], on)), sent, rest);
  const head = headOf(sent);
  const editsUnder = (other: Decision) => requestEdits(other, head, 'gateway', SETTINGS);
  return {
    decision,
    sent: applyEdits(sent.headers ?? {}, editsUnder(decision)),
    answered: applyEdits({}, responseEdits(decision, head, SETTINGS)),
    handling: edgeHandling(decision, head, editsUnder),
  };
}

describe('what the application is told of the way here', () => {
  const forged = {
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.com',
    'x-forwarded-port': '443',
    'x-real-ip': '1.2.3.4',
    forwarded: 'for=1.2.3.4',
    'x-original-url': '/admin',
    'x-forwarded-prefix': '/x',
    'x-lanekeeper-hop': 'corrected',
  };

  it('is the connection, whatever a stranger says', () => {
    expect(handle({}, { host: 'www.example.com:81', headers: forged }).sent).toEqual({
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'www.example.com:81',
      'x-forwarded-port': '80',
      'x-real-ip': '203.0.113.9',
      'x-lanekeeper-hop': 'origin',
      'x-request-id': 'new-id',
    });
  });

  it('keeps what a trusted proxy says, and adds the proxy', () => {
    const policy = { ...OPEN, trustedProxies: ['203.0.113.0/24'] };
    expect(handle({}, { headers: { ...forged, 'x-request-id': 'r1' } }, { on: { policy } }).sent).toEqual({
      ...forged,
      'x-forwarded-for': '1.2.3.4, 203.0.113.9',
      'x-request-id': 'r1',
      'x-lanekeeper-hop': 'origin',
    });
  });

  it('names no host where none was asked for', () => {
    expect(handle({}, { host: '', headers: { 'x-forwarded-host': 'evil.com' } }).sent).not.toHaveProperty(
      'x-forwarded-host',
    );
  });

  it('names TLS and the port that clients see', () => {
    const tls = { protocol: 'https', port: 8443, publicPort: 443 } as const;
    const on = arriving(8443, { serverName: 'www.example.com' });
    expect(handle({}, { on }, { on: tls }).sent).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
    });
  });
});

describe('header changes', () => {
  const change = (name: string) => ({
    set: { 'x-set': name },
    add: { 'x-add': name },
    remove: ['x-remove'],
  });

  it("are the rule's, then the backend's, in both directions", () => {
    const { sent, answered } = handle(
      {
        requestHeaders: change('rule'),
        responseHeaders: change('rule'),
        action: {
          kind: 'forward',
          backends: [backend('a', { requestHeaders: change('backend'), responseHeaders: change('backend') })],
        },
      },
      { headers: { 'x-set': 'client', 'x-remove': '1' } },
    );
    expect(sent).toMatchObject({ 'x-set': 'backend', 'x-add': 'rule, backend' });
    expect(sent).not.toHaveProperty('x-remove');
    expect(answered).toEqual({ 'x-set': 'backend', 'x-add': 'rule, backend' });
  });

  it('never reach the tag or the loop guard', () => {
    const forge = { set: { baggage: 'lane=gray', 'x-lanekeeper-hop': 'corrected' }, add: {}, remove: [] };
    const { sent } = handle({ requestHeaders: forge });
    expect(sent).toMatchObject({ 'x-lanekeeper-hop': 'origin' });
    expect(sent).not.toHaveProperty('baggage');
  });
});

describe('what the driver is asked for', () => {
  it('is nothing for a plain rule', () => {
    expect(handle({}).handling).toBeUndefined();
  });

  it('is the path and the host of a rewrite, while the lane follows from what was asked for', () => {
    const match = [{ hosts: ['www.example.com'], paths: [{ prefix: '/old' }] }];
    const mesh = { ...DEMO, lanes: [lane('gray', { match })] };
    const rewriting = rule('r', {
      match: { path: { prefix: '/old' } },
      rewrite: { host: 'inner.example.com', path: { prefix: '/new' } },
    });
    const decision = ask(edge(listener([rewriting])), { path: '/old/x?y=1' }, { mesh });
    expect(decision.evidence).toMatchObject({ lane: 'gray', rung: 'rule' });
    const handling = edgeHandling(decision, headOf({ path: '/old/x?y=1' }), () => []);
    expect(handling).toEqual({ path: '/new/x?y=1', authority: 'inner.example.com' });
  });

  it('is the bounds of the rule, as far as it says any', () => {
    const timeouts = { connectMs: 1000, requestMs: 0 };
    expect(handle({ timeouts, maxBodyBytes: 0 }).handling).toEqual({
      connectTimeoutMs: 1000,
      requestTimeoutMs: 0,
      maxBodyBytes: 0,
    });
  });

  it.each([
    ['http/1.1', {}, undefined, undefined],
    ['h2', {}, undefined, 'http/1.1'],
    ['h2', { 'content-type': 'application/grpc+proto' }, undefined, undefined],
    ['h2', {}, 'http2', undefined],
    ['http/1.1', {}, 'http2', 'h2'],
    ['h2', { 'content-type': 'application/grpc' }, 'http', 'http/1.1'],
  ] as const)('is the protocol of the backend: %s with %o to %s', (protocol, headers, declared, expected) => {
    const backends = [backend('a', declared === undefined ? {} : { protocol: declared })];
    const { handling } = handle({ action: { kind: 'forward', backends } }, { protocol, headers });
    expect(handling?.upstreamProtocol).toBe(expected);
  });

  it('is HTTP/2 where the service says so', () => {
    const services = DEMO.services.map((one) => ({
      ...one,
      ports: [{ port: 80, protocol: 'grpc' as const }],
    }));
    const decision = ask(edge(listener([rule('r')])), {}, { mesh: { ...DEMO, services } });
    expect(edgeHandling(decision, headOf({}), () => [])).toEqual({ upstreamProtocol: 'h2' });
  });

  it('is a copy for each mirror in its share, of the same lane and without what is for a backend alone', () => {
    const mirrors = [
      { service: { name: 'b', namespace: 'default' }, port: 80, percent: 100 },
      { service: { name: 'c', namespace: 'default' }, port: 80, percent: 50 },
      { service: { name: 'gone', namespace: 'default' }, port: 80, percent: 100 },
    ];
    const own = { set: { 'x-own': '1' }, add: {}, remove: [] };
    const backends = [backend('a', { lane: 'gray', requestHeaders: own })];
    const action = { kind: 'forward', backends } as const;
    const { handling, decision } = handle(
      { mirrors, action, requestHeaders: { ...own, set: { 'x-all': '1' } } },
      {},
      { random: () => 0.6 },
    );
    expect(decision.endpoint?.lane).toBe('gray');
    expect(handling?.mirrors?.map(({ target }) => target)).toEqual([{ address: '10.0.2.2', port: 8080 }]);
    const edits = Object.fromEntries(
      handling?.mirrors?.[0]?.edits.map(({ name, value }) => [name, value]) ?? [],
    );
    expect(edits).toMatchObject({ baggage: 'lane=gray', 'x-all': '1' });
    expect(edits).not.toHaveProperty('x-own');
  });
});

describe('what is answered at the edge', () => {
  it('is a redirect, with the changes of the rule', () => {
    const responseHeaders = { set: { 'cache-control': 'no-store' }, add: {}, remove: [] };
    const { decision, handling } = handle(
      { action: { kind: 'redirect', status: 308, scheme: 'https' }, responseHeaders },
      { path: '/a?b' },
    );
    expect(decision).toMatchObject({ target: undefined, refusal: undefined, servicePort: undefined });
    expect(handling?.reply).toMatchObject({ status: 308, body: '' });
    expect(Object.fromEntries(handling?.reply?.headers ?? [])).toEqual({
      location: 'https://www.example.com/a?b',
      'content-length': '0',
      'cache-control': 'no-store',
    });
  });

  it('is a reply with its reason', () => {
    const { handling } = handle({
      action: { kind: 'reply', status: 500, reason: 'service shop/x does not exist' },
    });
    expect(handling?.reply).toMatchObject({
      status: 500,
      body: 'service shop/x does not exist\n',
      closes: false,
    });
  });

  it('is a preflight, and never reaches the backend', () => {
    const cors = {
      ...{ allowOrigins: ['*'], allowMethods: ['GET'], allowHeaders: [], exposeHeaders: [] },
      allowCredentials: false,
    };
    const headers = { origin: 'https://x.com', 'access-control-request-method': 'GET' };
    const asked = handle({ cors }, { method: 'OPTIONS', headers });
    expect(asked.handling?.reply?.status).toBe(200);
    expect(asked.decision.endpoint).toBeUndefined();
    const actual = handle({ cors }, { headers: { origin: 'https://x.com' } });
    expect(actual.handling).toBeUndefined();
    expect(actual.answered).toMatchObject({ 'access-control-allow-origin': 'https://x.com' });
  });
});

describe('who may come', () => {
  const policy = { ...OPEN, allow: ['203.0.113.0/24'], deny: ['203.0.113.66'] };
  const from = (peer: string) => ({ on: arriving(8080, { peer }) });

  it('is what the listener says; what it denies is stronger', () => {
    expect(handle({}, from('203.0.113.9'), { on: { policy } }).decision.refusal).toBeUndefined();
    for (const peer of ['203.0.113.66', '198.51.100.1']) {
      expect(handle({}, from(peer), { on: { policy } }).decision.refusal?.code).toBe('forbidden-client');
    }
  });

  it('is what the rule says', () => {
    expect(handle({ allow: ['10.0.0.0/8'] }).decision.refusal?.code).toBe('forbidden-client');
    expect(handle({ allow: ['203.0.113.9'] }).decision.refusal).toBeUndefined();
    expect(handle({ deny: ['203.0.113.9'] }).decision.refusal?.code).toBe('forbidden-client');
  });

  it('is the client behind a trusted proxy, not the proxy', () => {
    const trusting = { ...OPEN, trustedProxies: ['10.0.0.1'], allow: ['203.0.113.0/24'] };
    const on = arriving(8080, { peer: '10.0.0.1' });
    const sent = (client: string) => ({ on, headers: { 'x-forwarded-for': client } });
    expect(handle({}, sent('203.0.113.9'), { on: { policy: trusting } }).decision.refusal).toBeUndefined();
    expect(handle({}, sent('198.51.100.1'), { on: { policy: trusting } }).decision.refusal?.code).toBe(
      'forbidden-client',
    );
  });
});

describe('a backend of a lane or of a subset', () => {
  const to = (more: Parameters<typeof backend>[1]) => ({
    action: { kind: 'forward', backends: [backend('a', more)] } as const,
  });

  it('colours what goes there, also where a trusted tag says otherwise', () => {
    const policy = { ...OPEN, trustIncomingTag: true };
    const { decision, sent } = handle(
      to({ lane: 'gray' }),
      { headers: { baggage: 'lane=green' } },
      { on: { policy } },
    );
    expect(decision).toMatchObject({
      evidence: { lane: 'gray', rung: 'rule', detail: 'r to default/a:80' },
      endpoint: { lane: 'gray' },
    });
    expect(sent.baggage).toBe('lane=gray');
  });

  it('has only endpoints of its subset', () => {
    expect(handle(to({ subset: 'gray' })).decision).toMatchObject({
      subset: 'gray',
      evidence: { lane: 'gray' },
    });
    expect(handle(to({ subset: 'green' })).decision.refusal).toMatchObject({
      code: 'no-endpoint',
      message:
        'default/a:80 has no usable endpoint in lane green, and the route allows no other. Make one ready.',
    });
    const policy = { ...OPEN, trustIncomingTag: true };
    const tagged = handle(to({ subset: 'base' }), { headers: { baggage: 'lane=gray' } }, { on: { policy } });
    expect(tagged.decision).toMatchObject({ subset: 'base', evidence: { lane: 'gray' } });
  });

  it('believes a tag from outside only where the listener says so', () => {
    const sent = { headers: { baggage: 'lane=gray' } };
    expect(handle({}, sent).decision.evidence.lane).toBe('base');
    expect(
      handle({}, sent, { on: { policy: { ...OPEN, trustIncomingTag: true } } }).decision.evidence.lane,
    ).toBe('gray');
  });
});

describe("a rule that writes a lane's header", () => {
  it('colours, for the next hop would read it as a tag', () => {
    const groups = DEMO.groups.map((group) => ({
      ...group,
      evidence: { ...group.evidence, bridge: ['x-mse-tag'] },
    }));
    const requestHeaders = { set: { 'x-mse-tag': 'gray' }, add: {}, remove: [] };
    const config = edge(listener([rule('Ingress shop/gray', { requestHeaders })]));
    const { evidence, subset } = ask(config, {}, { mesh: { ...DEMO, groups } });
    expect(evidence).toMatchObject({
      lane: 'gray',
      rung: 'rule',
      detail: 'Ingress shop/gray sets x-mse-tag',
    });
    expect(subset).toBe('gray');
    expect(ask(config).evidence.lane).toBe('base');
  });
});
