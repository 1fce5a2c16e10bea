import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trail } from '../harness/chain-app.ts';
import { send } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

/** An application with both versions behind the gateway, and one that is an entry by itself. */
const SPEC = {
  gateway: {},
  pods: ['a', 'b'].flatMap((service) => [
    { name: service.toUpperCase(), service },
    { name: `${service.toUpperCase()}gray`, service, lane: 'gray' },
  ]),
  config: configOf([{ percent: 40 }]),
};

function configOf(match: readonly unknown[], colouring: readonly unknown[] = []) {
  return {
    groups: [{ name: 'demo', services: ['a', 'b'] }],
    lanes: [{ name: 'gray', group: 'demo', entries: ['b'], match }],
    colouring,
    gateway: { routes: [{ hosts: ['*'], service: 'a' }] },
  };
}

interface Visit {
  readonly visited: string;
  /** The key that the client got, or sent. */
  readonly key: string;
}

describe('colouring', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());

  const configure = (config: object): Promise<void> => mesh.rewrite({ ...mesh.config, ...config });

  async function visit(key?: string): Promise<Visit> {
    const cookie = key === undefined ? {} : { cookie: `theme=dark; lanekeeper-key=${key}` };
    const answer = await mesh.send({ host: 'www.example.com', path: '/', headers: cookie });
    const set = answer.headers['set-cookie'] ?? [];
    const given = /^lanekeeper-key=([\w-]{22}); Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/.exec(
      set[0] ?? '',
    );
    expect(set).toHaveLength(key === undefined ? 1 : 0);
    return { visited: trail(answer), key: key ?? given?.[1] ?? '' };
  }

  it('keeps each client where its cookie puts it, and moves none back while the share grows', async () => {
    const first = await Promise.all(Array.from({ length: 60 }, () => visit()));
    const keys = first.map(({ key }) => key);
    expect(new Set(keys).size).toBe(60);
    expect(new Set(first.map(({ visited }) => visited))).toEqual(new Set(['A', 'Agray']));
    const visits = (): Promise<Visit[]> => Promise.all(keys.map(visit));
    expect(await visits()).toEqual(first);
    await configure(configOf([{ percent: 80 }]));
    const grown = await visits();
    const gray = (all: readonly Visit[]): string[] =>
      all.filter(({ visited }) => visited === 'Agray').map(({ key }) => key);
    expect(gray(grown)).toEqual(expect.arrayContaining(gray(first)));
    expect(gray(grown).length).toBeGreaterThan(gray(first).length);
    await configure(configOf([{ percent: 40 }]));
    expect(await visits()).toEqual(first);
  });

  it('knows headers of any name, patterns and numbers', async () => {
    const rules = [
      { headers: { _env: { exact: 'grey' } } },
      {
        headers: {
          'x-app-version': { range: { from: 2, to: 2.9 } },
          'user-agent': { regex: '.*(Android|iPhone).*' },
        },
      },
      { paths: [{ regex: '/v[0-9]+/.*' }], query: { beta: { present: true } } },
    ];
    await configure(configOf(rules));
    const visited = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
      trail(await mesh.send({ host: 'www.example.com', path, headers }));
    expect(await visited('/', { _env: 'grey' })).toBe('Agray');
    expect(await visited('/', { _env: 'green' })).toBe('A');
    const phone = { 'user-agent': 'Mozilla/5.0 (Linux; Android 15)' };
    expect(await visited('/', { ...phone, 'x-app-version': '2.5' })).toBe('Agray');
    expect(await visited('/', { ...phone, 'x-app-version': '3' })).toBe('A');
    expect(await visited('/v12/items?beta')).toBe('Agray');
    expect(await visited('/v12/items')).toBe('A');
  });

  it('happens at an entry, too: by network, by rules beside lanes, over a tag that a rule overwrites', async () => {
    const atB = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      trail(await send(mesh.pod('B').proxy.inbound, { host: 'b', path: '/', headers }));
    const beside = { name: 'beta users', lane: 'gray', entries: ['default/b'], priority: 1 };
    const tagged = { headers: { 'x-ticket': { exact: '4711' } }, overwrite: true };
    const byNetwork = { sourceCidrs: ['127.0.0.0/8'], headers: { 'x-inside': { present: true } } };
    await configure(
      configOf(
        [byNetwork, { sourceCidrs: ['10.0.0.0/8'] }],
        [{ ...beside, match: [{ headers: { 'x-user-tier': { exact: 'beta' } } }, tagged] }],
      ),
    );
    expect(await atB({})).toBe('B');
    expect(await atB({ 'x-inside': '1' })).toBe('Bgray');
    expect(await atB({ 'x-user-tier': 'beta' })).toBe('Bgray');
    expect(await atB({ baggage: 'lane=base', 'x-user-tier': 'beta' })).toBe('B');
    expect(await atB({ baggage: 'lane=base', 'x-ticket': '4711' })).toBe('Bgray');
  });
});
