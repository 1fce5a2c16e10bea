import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, DEMO, endpoint, lane, mesh, service } from '../route/mesh.fixture.ts';
import { startAdmin, type AdminFixture } from './admin.fixture.ts';
import { createAdminServer } from './admin-server.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
let admin: AdminFixture;

beforeEach(async () => {
  admin = await startAdmin();
});

afterEach(() => admin.close());

async function get(path: string): Promise<unknown> {
  const answer = await admin.ask(path);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text);
}

describe('GET /hops', () => {
  it('gives the requests that ended, newest first, by lane, service, trace, status and limit', async () => {
    admin.send('b', { headers: { baggage: 'lane=gray', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
    admin.send('b', { path: '/base' });
    admin.send('z', { headers: { baggage: 'lane=gray' }, result: { status: 503 } });
    const all = (await get('/hops')) as { hops: { service: string }[] };
    expect(all.hops.map((hop) => hop.service)).toEqual(['default/z', 'default/b', 'default/b']);
    expect(await get('/hops?lane=gray&service=b&limit=1')).toMatchObject({
      hops: [
        {
          traceId: TRACE,
          lane: 'gray',
          evidence: { rung: 'baggage' },
          subset: 'gray',
          endpoint: { address: '10.0.2.2:8080', lane: 'gray' },
          generation: 'g1',
        },
      ],
    });
    expect(await get(`/hops?trace=${TRACE}`)).toMatchObject({ hops: [{ path: '/' }] });
    expect(await get('/hops?status=5xx')).toMatchObject({
      hops: [{ fallback: { reason: 'service-not-in-lane' } }],
    });
  });

  it.each([
    ['/hops?lane=a&lane=b', 'more than once'],
    ['/hops?lne=gray', 'there is no parameter lne'],
    ['/hops?status=6xx', 'status is'],
    ['/hops?limit=0', 'limit is'],
    ['/hops?limit=many', 'limit is'],
  ])('says what is wrong with %s', async (path, message) => {
    const answer = await admin.ask(path);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(message);
  });
});

describe('GET /explain', () => {
  it('tells the decision by the same functions as the data path, and what every other lane would get', async () => {
    const told = await get(
      '/explain?authority=b&path=/x&method=POST&header=baggage:lane%3Dgray&header=x-user:7',
    );
    expect(told).toMatchObject({
      request: {
        direction: 'outbound',
        method: 'POST',
        path: '/x',
        headers: [
          ['baggage', 'lane=gray'],
          ['x-user', '(hidden)'],
        ],
      },
      decision: {
        lane: 'gray',
        evidence: { rung: 'baggage' },
        endpoint: { address: '10.0.2.2:8080' },
        counterfactual: [{ lane: 'base', endpoint: { address: '10.0.2.1:8080' } }],
      },
    });
    admin.send('b', { headers: { baggage: 'lane=gray' } });
    expect(await get('/hops')).toMatchObject({ hops: [{ endpoint: { address: '10.0.2.2:8080' } }] });
    expect(((await get('/hops')) as { hops: unknown[] }).hops).toHaveLength(1);
  });

  it('takes a destination address in place of a name', async () => {
    expect(await get('/explain?destination=10.96.0.2:80')).toMatchObject({
      decision: { service: 'default/b' },
    });
  });

  it.each([
    '',
    '?authority=b&path=x',
    '?authority=b&header=nocolon',
    '?authority=b&direction=gateway',
    '?destination=b:1',
  ])('refuses /explain%s with what is expected', async (query) => {
    const answer = await admin.ask(`/explain${query}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: 'bad-explain' });
  });
});

describe('what the sidecar knows', () => {
  it('/config shows settings and the refused mesh configuration, never a secret', async () => {
    const problems = [{ path: 'services[0].name', message: 'missing' }];
    const rejected = { at: '2026-11-21T00:00:00.000Z', problems };
    await admin.close();
    admin = await startAdmin({ mesh: { generation: 'g1', appliedAt: null, rejected } });
    const answer = await admin.ask('/config');
    expect(JSON.parse(answer.text)).toMatchObject({
      settings: {
        role: 'sidecar',
        detect: { tcpPorts: [3306, 110, 25] },
        configFile: '/etc/lanekeeper/mesh.yaml',
      },
      logLevel: 'info',
      mesh: { generation: 'g1', rejected: { problems } },
    });
    expect(answer.text).toContain('http://redacted:redacted@collector:4318/v1/traces?redacted');
    expect(answer.text).not.toContain('hunter2');
  });

  it('/clusters shows each endpoint with lane, load, and why it is not used', async () => {
    const weightless = endpoint('10.0.2.9', { weight: 0 });
    const services = DEMO.services.map((one) =>
      one.name === 'b' ? { ...one, endpoints: [...one.endpoints, weightless] } : one,
    );
    await admin.close();
    admin = await startAdmin({ context: contextOf({ ...DEMO, services }) });
    expect(await get('/clusters?service=b')).toMatchObject({
      generation: 'g1',
      services: [
        {
          service: 'default/b',
          group: 'demo',
          mode: 'permissive',
          lanes: { base: 2, gray: 1 },
          ports: [
            {
              port: 80,
              endpoints: [
                { address: '10.0.2.1:8080', lane: 'base', inFlight: 3, unused: null },
                { address: '10.0.2.9:8080', lane: 'base', unused: 'zero-weight' },
                { address: '10.0.2.2:8080', lane: 'gray', ejected: true, unused: 'ejected' },
              ],
            },
          ],
        },
      ],
    });
    expect((await admin.ask('/clusters?service=nobody')).status).toBe(404);
  });

  it('/clusters says in a sentence what a registry has against an endpoint', async () => {
    const reasons = ['disabled', 'invalid-lane', 'invalid-weight', 'draining'] as const;
    const endpoints = reasons.map((dropReason, at) =>
      endpoint(`10.0.4.${at}`, { healthy: false, dropReason, source: 'nacos' }),
    );
    const orders = service('ORDERS@@订单', { endpoints: [endpoint('10.0.4.9'), ...endpoints] });
    await admin.close();
    admin = await startAdmin({ context: contextOf(mesh({ services: [orders] })) });
    expect(await get(`/clusters?service=${encodeURIComponent('ORDERS@@订单')}`)).toMatchObject({
      services: [
        {
          service: 'default/ORDERS@@订单',
          // The one whose lane nobody can tell counts nowhere.
          lanes: { base: 4 },
          ports: [
            {
              endpoints: [
                { unused: null, sentence: null },
                { unused: 'disabled', sentence: 'it is switched off in its registry', lane: 'base' },
                {
                  unused: 'invalid-lane',
                  sentence: expect.stringContaining('is no lane name') as string,
                  lane: null,
                },
                { unused: 'invalid-weight', sentence: expect.stringContaining('weight') as string },
                { unused: 'draining', sentence: 'its sidecar says that it is about to go' },
              ],
            },
          ],
        },
      ],
    });
  });

  it('/lanes shows fallback, rules and services of each lane, and the baseline', async () => {
    const rules = [{ hosts: ['www.example.com'] }];
    await admin.close();
    const config = mesh({ ...DEMO, lanes: [lane('gray', { match: rules, entries: ['a'] })] });
    admin = await startAdmin({
      context: contextOf({ ...config, services: [...DEMO.services, service('empty')] }),
    });
    const told = (await get('/lanes')) as { lanes: { lane: string; services: object }[] };
    expect(told.lanes.map((one) => one.lane)).toEqual(['base', 'gray']);
    expect(told.lanes[1]).toMatchObject({
      groups: [{ group: 'demo', mode: 'permissive', fallback: ['base'] }],
      rules: [{ label: 'gray#0', group: 'demo', entries: ['a'] }],
      services: { 'default/a': { endpoints: 1, usable: 1 } },
    });
    expect(Object.keys(told.lanes[1]?.services ?? {})).toEqual(['default/a', 'default/b', 'default/c']);
  });

  it('/audit shows how the tag travels, /metrics what was counted', async () => {
    admin.send('b', { headers: { baggage: 'lane=gray' } });
    expect(await get('/audit')).toMatchObject({
      peers: [{ peer: 'default/b', cameTagged: 1, finding: 'the tag travels', group: 'demo' }],
    });
    admin.send('elsewhere.example.com');
    expect(await get('/audit')).toMatchObject({
      peers: expect.arrayContaining([expect.objectContaining({ peer: 'outside the mesh', group: null })]),
    });
    const metrics = await admin.ask('/metrics');
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.text).toContain(
      'lanekeeper_requests_total{direction="outbound",service="default/b",lane="gray"',
    );
  });
});

describe('what may be changed', () => {
  it('PUT /log-level changes the level and says what it was', async () => {
    const answer = await admin.ask('/log-level?level=debug', { method: 'PUT' });
    expect(JSON.parse(answer.text)).toEqual({ before: 'info', level: 'debug' });
    expect(admin.log.level).toBe('debug');
    expect((await admin.ask('/log-level?level=loud', { method: 'PUT' })).status).toBe(400);
    expect(admin.log.level).toBe('debug');
  });

  it('POST /drain drains', async () => {
    expect((await admin.ask('/drain', { method: 'POST' })).status).toBe(202);
    expect(admin.drains()).toBe(1);
  });

  it('GET changes nothing', async () => {
    const drain = await admin.ask('/drain');
    expect([drain.status, drain.headers.allow]).toEqual([405, 'POST']);
    expect((await admin.ask('/log-level?level=error')).status).toBe(405);
    expect([admin.drains(), admin.log.level]).toEqual([0, 'info']);
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('a page of another origin changes nothing (%o)', async (headers) => {
    const answer = await admin.ask('/drain', { method: 'POST', headers });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { error: 'cross-origin' }]);
    expect(admin.drains()).toBe(0);
  });

  it('its own page does', async () => {
    const host = `127.0.0.1:${admin.at.port}`;
    const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    expect((await admin.ask('/drain', { method: 'POST', headers })).status).toBe(202);
  });
});

describe('who is answered', () => {
  it.each(['evil.example', 'evil.example:15000', '127.0.0.1.evil.example', '10.0.0.1', 'localhost.'])(
    'not who asks for host "%s": that is DNS rebinding',
    async (host) => {
      const answer = await admin.ask('/hops', { headers: { host } });
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { error: 'foreign-host' }]);
    },
  );

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:15000', '[::1]:15000'])(
    'who asks for host "%s"',
    async (host) => {
      expect((await admin.ask('/hops', { headers: { host } })).status).toBe(200);
    },
  );

  it('nobody from outside: it refuses to listen there', async () => {
    const server = createAdminServer({ ...({} as Parameters<typeof createAdminServer>[0]) });
    await expect(server.listen({ address: '0.0.0.0', port: 0 })).rejects.toThrow('loopback only');
  });
});

describe('how it answers', () => {
  it('with JSON, indented for people; unknown paths list what exists', async () => {
    expect((await admin.ask('/hops')).text).toBe('{"hops":[],"last":"test-0"}\n');
    expect((await admin.ask('/hops?pretty')).text).toBe('{\n  "hops": [],\n  "last": "test-0"\n}\n');
    const missing = await admin.ask('/hop');
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.text)).toMatchObject({ endpoints: { 'GET /hops': expect.any(String) } });
    expect(JSON.parse((await admin.ask('/')).text)).toEqual(JSON.parse((await admin.ask('/help')).text));
  });

  it('with the page for a browser, under a policy that lets nothing else run', async () => {
    const page = await admin.ask('/', { headers: { accept: 'text/html,*/*' } });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const csp = page.headers['content-security-policy'];
    expect(csp).toMatch(
      /default-src 'none'; script-src 'sha256-[^ ]+='; style-src 'sha256-[^ ]+='; connect-src 'self'/,
    );
    expect(csp).not.toContain('unsafe');
    expect((await admin.ask('/hops')).headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  it('with 500 when looking fails, and goes on', async () => {
    await admin.close();
    const explain = (): never => {
      throw new Error('no such thing');
    };
    admin = await startAdmin({ deps: { explain } });
    expect((await admin.ask('/explain?authority=b')).status).toBe(500);
    expect((await admin.ask('/hops')).status).toBe(200);
  });

  it.each(['//', '/hops/../hops', '/%', '/hops?%', 'http://evil.example/hops', '/?a=%ff'])(
    'something to the odd target %s',
    async (path) => {
      expect((await admin.ask(path)).status).toBeGreaterThanOrEqual(200);
      expect((await admin.ask('/hops')).status).toBe(200);
    },
  );
});
