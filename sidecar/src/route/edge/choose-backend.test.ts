import { describe, expect, it } from 'vitest';
import type { EdgeBackend, EdgeCanary, EdgeRule } from '@lanekeeper/protocol/edge';
import { decideGateway } from '../decide-gateway.ts';
import type { Decision } from '../decision.ts';
import { contextOf, endpoint, mesh, service } from '../mesh.fixture.ts';
import { realPicker } from '../pickers.fixture.ts';
import { edgeResponseEdits } from './edge-handling.ts';
import { arriving, ask, backend, edge, headOf, listener, rule, type Sent } from './edge.fixture.ts';

const NAMES = ['a', 'b', 'c', 'z'];
const MESH = mesh({
  services: NAMES.map((name, at) =>
    service(name, {
      endpoints: [endpoint(`10.0.${at}.1`), endpoint(`10.0.${at}.2`), endpoint(`10.0.${at}.3`)],
    }),
  ),
});

/** Replayable and even. */
function dice(seed = 7): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function config(backends: readonly EdgeBackend[], more: Partial<EdgeRule> = {}) {
  return edge(listener([rule('r', { action: { kind: 'forward', backends }, ...more })]));
}

function where(settings: ReturnType<typeof config>, sent: Sent = {}): string {
  return placeOf(ask(settings, sent, { mesh: MESH, random: () => 0.999 }));
}

/** The service, or the code of the refusal. */
function placeOf({ refusal, edge: taken }: Decision): string {
  return refusal?.code ?? taken?.choice?.backend?.serviceId?.slice('default/'.length) ?? '';
}

/** Percents of many requests, as one gateway decides them. */
function shares(settings: ReturnType<typeof config>, sent: Sent = {}, times = 40_000) {
  const context = contextOf({ ...MESH, edge: settings }, { random: dice() });
  const [head, on] = [headOf(sent), arriving()];
  const counts = new Map<string, number>();
  for (let turn = 0; turn < times; turn += 1) {
    const name = placeOf(decideGateway(head, on, context));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return (name: string): number => ((counts.get(name) ?? 0) / times) * 100;
}

describe('the weights of backends', () => {
  it('are the shares of requests; one that does not resolve has its share answered by 500', () => {
    const share = shares(
      config([
        backend('a', { weight: 70 }),
        backend('b', { weight: 20 }),
        backend('c', { weight: 0 }),
        backend('z', { weight: 10, service: undefined }),
      ]),
    );
    expect(share('a')).toBeCloseTo(70, -0.3);
    expect(share('b')).toBeCloseTo(20, -0.3);
    expect(share('c')).toBe(0);
    expect(share('no-backend')).toBeCloseTo(10, -0.3);
  });

  it('lead nowhere where none is above 0, or there is no backend', () => {
    expect(where(config([backend('a', { weight: 0 })]))).toBe('no-backend');
    expect(where(config([]))).toBe('no-backend');
    expect(where(config([backend('a', { weight: Number.NaN })]))).toBe('no-backend');
  });

  it('do not matter to a service that nobody knows here: that is 503', () => {
    expect(where(config([backend('gone')]))).toBe('no-endpoint');
    expect(where(config([backend('a', { port: 81 })]))).toBe('no-endpoint');
  });
});

function canary(name: string, more: Partial<EdgeCanary>): EdgeCanary {
  return { name: `Ingress shop/${name}`, backend: backend(name), ...more };
}

function withCanaries(canaries: readonly EdgeCanary[], more: Partial<EdgeRule> = {}) {
  return config([backend('a')], { canaries, ...more });
}

describe('a canary, as ingress-nginx has it', () => {
  const header = { name: 'X-Canary' };
  const cookie = { name: 'canary' };

  it.each<readonly [string, Partial<EdgeCanary>, Sent, string]>([
    ['header always', { header }, { headers: { 'x-canary': 'always' } }, 'b'],
    ['header never', { header, weight: 100 }, { headers: { 'x-canary': 'never' } }, 'a'],
    ['another value: go on', { header, weight: 100 }, { headers: { 'x-canary': 'x' } }, 'b'],
    ['no header: go on', { header, cookie }, { headers: { cookie: 'canary=always' } }, 'b'],
    [
      'header before cookie',
      { header, cookie },
      { headers: { 'x-canary': 'never', cookie: 'canary=always' } },
      'a',
    ],
    ['value equal', { header: { ...header, value: 'gray' } }, { headers: { 'x-canary': 'gray' } }, 'b'],
    [
      'value: always means nothing',
      { header: { ...header, value: 'gray' } },
      { headers: { 'x-canary': 'always' } },
      'a',
    ],
    [
      'value: never is no veto',
      { header: { ...header, value: 'gray' }, weight: 100 },
      { headers: { 'x-canary': 'never' } },
      'b',
    ],
    [
      'value beats pattern',
      { header: { ...header, value: 'x', pattern: '.*' } },
      { headers: { 'x-canary': 'y' } },
      'a',
    ],
    [
      'pattern anywhere',
      { header: { ...header, pattern: 'gr[ae]y' } },
      { headers: { 'x-canary': 'a grey one' } },
      'b',
    ],
    [
      'anchored pattern',
      { header: { ...header, pattern: '^gray$' } },
      { headers: { 'x-canary': 'a gray' } },
      'a',
    ],
    [
      'bad pattern: primary at once',
      { header: { ...header, pattern: '(' }, weight: 100 },
      { headers: { 'x-canary': 'x' } },
      'a',
    ],
    ['bad pattern, no header: go on', { header: { ...header, pattern: '(' }, weight: 100 }, {}, 'b'],
    ['cookie never', { cookie, weight: 100 }, { headers: { cookie: 'canary=never' } }, 'a'],
    ['cookie of another value: go on', { cookie, weight: 100 }, { headers: { cookie: 'canary=1' } }, 'b'],
    [
      'cookie value of MSE',
      { cookie: { ...cookie, value: 'v2' } },
      { headers: { cookie: 'x=1; canary=v2' } },
      'b',
    ],
    ['query value of MSE', { query: { name: 'v', value: '2' } }, { path: '/?v=2' }, 'b'],
    ['weight 0', { weight: 0 }, {}, 'a'],
    ['weight of all', { weight: 100 }, {}, 'b'],
    ['nothing said', {}, {}, 'a'],
  ])('%s', (_title, said, sent, expected) => {
    expect(where(withCanaries([canary('b', said)]), sent)).toBe(expected);
  });

  it('has its weight of 100, or of a total above that', () => {
    expect(shares(withCanaries([canary('b', { weight: 20 })]))('b')).toBeCloseTo(20, -0.3);
    expect(shares(withCanaries([canary('b', { weight: 20, weightTotal: 1000 })]))('b')).toBeCloseTo(2, -0.3);
    expect(shares(withCanaries([canary('b', { weight: 20, weightTotal: 40 })]))('b')).toBeCloseTo(20, -0.3);
  });

  it('is one of several: the first that says yes, and each has its own share', () => {
    const both = [canary('b', { header, weight: 20 }), canary('c', { cookie, weight: 30 })];
    const share = shares(withCanaries(both));
    expect([share('a'), share('b'), share('c')].map(Math.round)).toEqual([50, 20, 30]);
    const declined = shares(withCanaries(both), { headers: { 'x-canary': 'never' } });
    expect([declined('b'), Math.round(declined('c'))]).toEqual([0, 30]);
    expect(where(withCanaries(both), { headers: { 'x-canary': 'never', cookie: 'canary=always' } })).toBe(
      'c',
    );
  });

  it('colours where its backend is of one lane, and says so', () => {
    const gray = canary('b', { header, backend: backend('b', { lane: 'gray' }) });
    const settings = withCanaries([{ ...gray, name: 'Ingress shop/a-gray' }]);
    const { evidence, edge: taken } = ask(settings, { headers: { 'x-canary': 'always' } }, { mesh: MESH });
    expect(evidence).toEqual({
      lane: 'gray',
      rung: 'rule',
      detail: 'canary Ingress shop/a-gray',
      ambiguous: false,
    });
    expect(taken?.choice?.canary).toBe('Ingress shop/a-gray');
    expect(ask(settings, {}, { mesh: MESH }).evidence.lane).toBe('base');
  });
});

describe('session affinity by cookie', () => {
  const affinity = { cookie: 'route', mode: 'balanced', canary: 'sticky' } as const;
  const options = { mesh: MESH, random: dice(), picker: realPicker(3) };

  function visit(settings: ReturnType<typeof config>, cookie?: string) {
    const sent = cookie === undefined ? {} : { headers: { cookie } };
    const decision = ask(settings, sent, options);
    const [edit] = edgeResponseEdits(decision, headOf(sent));
    return { endpoint: decision.endpoint?.key, set: edit?.value ?? undefined, edit };
  }

  const pairOf = (set: string | undefined) => set?.slice(0, set.indexOf(';')) ?? '';

  it('keeps a client at one endpoint, and sets the cookie once', () => {
    const settings = config([backend('a'), backend('b')], { affinity });
    const first = visit(settings);
    expect(first.edit).toMatchObject({ name: 'set-cookie', append: true });
    expect(first.set).toMatch(/^route=[0-9a-f]{16}\.[0-9a-f]{16}; Path=\/; HttpOnly$/);
    for (let turn = 0; turn < 30; turn += 1) {
      const again = visit(settings, `x=1; ${pairOf(first.set)}`);
      expect(again).toMatchObject({ endpoint: first.endpoint, set: undefined });
    }
  });

  it('has the attributes that the rule names', () => {
    const full = { ...affinity, path: '/shop', maxAgeSeconds: 60, sameSite: 'None' } as const;
    expect(visit(config([backend('a')], { affinity: full })).set).toMatch(
      /; Path=\/shop; Max-Age=60; Secure; HttpOnly; SameSite=None$/,
    );
  });

  it('leaves a backend without weight where it is balanced, stays where it is persistent', () => {
    const before = pairOf(visit(config([backend('a')], { affinity })).set);
    const moved = [backend('a', { weight: 0 }), backend('b')];
    expect(visit(config(moved, { affinity }), before).endpoint).toMatch(/^10\.0\.1\./);
    const persistent = { ...affinity, mode: 'persistent' } as const;
    expect(visit(config(moved, { affinity: persistent }), before).endpoint).toMatch(/^10\.0\.0\./);
  });

  it('takes a cookie of somebody else for none', () => {
    expect(visit(config([backend('a')], { affinity }), 'route=deadbeef').set).toBeDefined();
  });

  it('is stronger than a canary where it is sticky, and weaker where it is legacy', () => {
    const always = [canary('b', { header: { name: 'x-canary' } })];
    const asking = { 'x-canary': 'always' };
    const cookie = pairOf(visit(withCanaries(always, { affinity })).set);
    expect(where(withCanaries(always, { affinity }), { headers: { ...asking, cookie } })).toBe('a');
    const legacy = { ...affinity, canary: 'legacy' } as const;
    expect(where(withCanaries(always, { affinity: legacy }), { headers: { ...asking, cookie } })).toBe('b');
  });

  it('keeps a client at the canary that had it', () => {
    const settings = withCanaries([canary('b', { header: { name: 'x-canary' } })], { affinity });
    const sent = { headers: { 'x-canary': 'always' } };
    const decision = ask(settings, sent, options);
    const cookie = pairOf(edgeResponseEdits(decision, headOf(sent))[0]?.value ?? undefined);
    expect(where(settings, { headers: { cookie } })).toBe('b');
    expect(where(settings, { headers: { cookie, 'x-canary': 'never' } })).toBe('b');
  });
});
