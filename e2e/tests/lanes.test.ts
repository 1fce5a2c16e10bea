import { Agent, createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { Hop } from '@lanekeeper/protocol/hop';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chainPath, FORMS, trail, visitsOf } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { send, tunnel, type Answer, type Place } from '../harness/http-client.ts';
import { loopbackAddress, startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const GRAY = 'gray.example.com';
const BASE = 'www.example.com';
const TRACE_ID = (mark: string): string => Buffer.from(mark.padEnd(16, '.')).toString('hex').slice(0, 32);

/** a, b and c have both versions; m has a base version only; s is strict, and its pods are not injected. */
const SPEC = {
  gateway: {},
  pods: [
    ...['a', 'b', 'c'].flatMap((service) => [
      { name: service.toUpperCase(), service },
      { name: `${service.toUpperCase()}gray`, service, lane: 'gray' },
    ]),
    { name: 'M', service: 'm' },
    { name: 'S', service: 's', sidecar: false },
    { name: 'Sgray', service: 's', lane: 'gray', sidecar: false },
  ],
  config: {
    groups: [
      { name: 'demo', services: ['a', 'b', 'c', 'm'], evidence: { bridge: ['x-mse-tag'] } },
      { name: 'careful', services: ['s'], mode: 'strict' },
    ],
    lanes: [
      { name: 'gray', group: 'demo', match: [{ hosts: [GRAY] }, { headers: { 'x-user': { in: ['7'] } } }] },
      { name: 'lonely', group: 'demo', fallback: [] },
      { name: 'gray', group: 'careful' },
    ],
    gateway: { routes: [{ hosts: ['*'], service: 'a' }] },
  },
};

describe('lanes, from the gateway through A, B and C', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  let marks = 0;
  const nextMark = (): string => `mark${(marks += 1)}`;

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());
  afterEach(() => {
    for (const { name } of SPEC.pods) mesh.pod(name).app.handler = undefined;
  });

  /** The hop of a marked request, once it is over. */
  function hopOf(proxy: Proxy, mark: string, direction: Hop['direction']): Promise<Hop> {
    return eventually(`a hop of ${mark}`, async () =>
      (await proxy.hops()).find((hop) => hop.path.includes(mark) && hop.direction === direction),
    );
  }

  it.each(FORMS)('keeps a coloured request gray and any other one base, called by %s', async (form) => {
    const path = chainPath(['b', 'c'], { form });
    expect(trail(await mesh.send({ host: GRAY, path }))).toBe('Agray Bgray Cgray');
    expect(trail(await mesh.send({ host: BASE, path, headers: { 'x-user': '7' } }))).toBe(
      'Agray Bgray Cgray',
    );
    expect(trail(await mesh.send({ host: BASE, path, headers: { 'x-user': '8' } }))).toBe('A B C');
  });

  it.each([
    ['baggage', 'baggage', 'baggage lane=gray'],
    ['x-request-id', 'trace', 'x-request-id'],
    ['traceparent', 'trace', 'traceparent'],
    ['b3', 'trace', 'b3'],
    ['nothing', 'in-flight', 'all inbound requests in flight'],
  ])('falls back at M and is gray again at C, where M hands on %s', async (header, rung, detail) => {
    for (const [host, visited] of [
      [GRAY, 'Agray M Cgray'],
      [BASE, 'A M C'],
    ] as const) {
      const mark = nextMark();
      const ids = {
        'x-request-id': mark,
        traceparent: `00-${TRACE_ID(mark)}-00f067aa0ba902b7-01`,
        b3: `${TRACE_ID(mark)}-00f067aa0ba902b7-1`,
      };
      const path = chainPath(['m', 'c'], { forward: [header], mark });
      expect(trail(await mesh.send({ host, path, headers: ids }))).toBe(visited);
      const hop = await hopOf(mesh.pod('M').proxy, mark, 'outbound');
      if (host === GRAY)
        expect(hop).toMatchObject({ lane: 'gray', subset: 'gray', evidence: { rung, detail } });
      else expect(hop).toMatchObject({ lane: 'base', subset: 'base' });
    }
  });

  it('tells of the fallback in the hop and counts it', async () => {
    const { proxy } = mesh.pod('Agray');
    const labels = { service: 'default/m', from: 'gray', to: 'base', reason: 'service-not-in-lane' };
    const before = await proxy.metric('lanekeeper_lane_fallback_total', labels);
    const mark = nextMark();
    await mesh.send({ host: GRAY, path: chainPath(['m'], { mark }) });
    const hop = await hopOf(proxy, mark, 'outbound');
    expect(hop).toMatchObject({
      service: 'default/m',
      fallback: { from: 'gray', to: 'base', reason: 'service-not-in-lane' },
      candidates: { base: 1 },
      endpoint: { pod: 'M', lane: 'base' },
    });
    expect(await proxy.metric('lanekeeper_lane_fallback_total', labels)).toBe(before + 1);
  });

  it('guesses nothing while two lanes are in flight: base, or 503 where the callee is strict; an id settles it', async () => {
    const { app, proxy } = mesh.pod('M');
    const waiting: (() => void)[] = [];
    app.handler = (_request, response) => {
      waiting.push(() => response.end('[]'));
    };
    const reached: string[] = [];
    for (const name of ['S', 'Sgray']) {
      mesh.pod(name).app.handler = (_request, response) => {
        reached.push(name);
        response.end();
      };
    }
    const held = [GRAY, BASE].map((host) =>
      mesh.send({ host, path: chainPath(['m']), headers: { 'x-request-id': host } }),
    );
    const direct = send(mesh.pod('M').endpoint, {
      headers: { baggage: 'lane=gray', 'x-request-id': 'known', 'x-lanekeeper-hop': 'origin' },
    });
    try {
      await eventually('three requests in flight at M', () => waiting.length === 3);
      const counted = (): Promise<number> => proxy.metric('lanekeeper_lane_ambiguous_total');
      const before = await counted();
      const mark = nextMark();
      expect(trail(await app.call('c', { path: `/?mark=${mark}` }))).toBe('C');
      expect((await hopOf(proxy, mark, 'outbound')).evidence).toMatchObject({ rung: 'none' });
      const refused = await app.call('s');
      expect([refused.status, refused.headers['x-lanekeeper-error']]).toEqual([503, 'lane-ambiguous']);
      await eventually('both are counted', async () => (await counted()) === before + 2);
      expect(reached).toEqual([]);
      expect(trail(await app.call('c', { headers: { 'x-request-id': 'known' } }))).toBe('Cgray');
      await app.call('s', { headers: { 'x-request-id': 'known' } });
      expect(reached).toEqual(['Sgray']);
    } finally {
      for (const answer of waiting) answer();
      await Promise.all([...held, direct]);
    }
  });

  it("takes a gray pod's own calls for gray, a base pod's own for base", async () => {
    const [grayMark, baseMark] = [nextMark(), nextMark()];
    const path = (mark: string): string => `/?mark=${mark}`;
    expect(trail(await mesh.pod('Agray').app.call('c', { path: path(grayMark) }))).toBe('Cgray');
    expect(trail(await mesh.pod('A').app.call('c', { path: path(baseMark) }))).toBe('C');
    expect((await hopOf(mesh.pod('Agray').proxy, grayMark, 'outbound')).evidence.rung).toBe('workload');
    expect((await hopOf(mesh.pod('A').proxy, baseMark, 'outbound')).evidence.rung).toBe('none');
  });

  it('serves a lane that nobody declared by the baseline, and shows it', async () => {
    const { app, proxy } = mesh.pod('A');
    const mark = nextMark();
    const answer = await app.call('c', { path: `/?mark=${mark}`, headers: { baggage: 'lane=nosuch' } });
    expect(trail(answer)).toBe('C');
    expect(await hopOf(proxy, mark, 'outbound')).toMatchObject({
      lane: 'nosuch',
      subset: 'base',
      fallback: { from: 'nosuch', to: 'base', reason: 'unknown-lane' },
    });
    expect(await proxy.metric('lanekeeper_requests_total', { lane: 'unknown', served_by: 'base' })).toBe(1);
    expect(await proxy.metric('lanekeeper_requests_total', { lane: 'nosuch' })).toBe(0);
  });

  it('answers 503 with the reason where a lane has no endpoint and no fallback', async () => {
    const answer = await mesh.pod('A').app.call('c', { headers: { baggage: 'lane=lonely' } });
    expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([503, 'no-endpoint']);
    expect(answer.text).toContain('lonely');
  });

  it('strips a forged tag at the gateway and leaves what is foreign, byte for byte', async () => {
    const answer = await mesh.send({
      host: BASE,
      path: chainPath(['c']),
      headers: {
        baggage: 'tenant=7;p=1 , lane=gray,  x=%20',
        'x-mse-tag': 'gray',
        'x-lanekeeper-hop': 'origin',
      },
    });
    expect(trail(answer)).toBe('A C');
    const [first] = visitsOf(answer);
    expect(first?.headers).not.toHaveProperty('x-mse-tag');
    expect(first?.headers['baggage']).toBe('tenant=7;p=1 ,  x=%20');
  });

  it('refuses two different tags, wherever they are read, and nothing reaches an application', async () => {
    const reached: string[] = [];
    for (const name of ['A', 'Agray', 'C', 'Cgray']) {
      mesh.pod(name).app.handler = (_request, response) => {
        reached.push(name);
        response.end('[]');
      };
    }
    const tags = [{ baggage: 'lane=gray,lane=lonely' }, { baggage: ['lane=gray', 'lane=lonely'] }];
    const bridged = { baggage: 'lane=gray', 'x-mse-tag': 'lonely' };
    for (const headers of [...tags, bridged]) {
      const outbound = await mesh.pod('A').app.call('c', { headers });
      const inbound = await send(mesh.pod('A').endpoint, { host: 'a', headers });
      for (const answer of [outbound, inbound]) {
        expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([400, 'ambiguous-tag']);
      }
    }
    expect(reached).toEqual([]);
  });

  it('reads a bridge header and writes it beside ours', async () => {
    const mark = nextMark();
    const answer = await mesh.pod('A').app.call('c', {
      path: `/?mark=${mark}`,
      headers: { 'x-mse-tag': 'gray' },
    });
    expect(visitsOf(answer)).toMatchObject([
      { pod: 'Cgray', headers: { 'x-mse-tag': 'gray', baggage: 'lane=gray' } },
    ]);
    expect((await hopOf(mesh.pod('A').proxy, mark, 'outbound')).evidence).toEqual({
      rung: 'bridge',
      detail: 'x-mse-tag: gray',
    });
    const tagged = await mesh.pod('A').app.call('b', { headers: { baggage: 'lane=gray' } });
    expect(visitsOf(tagged)[0]?.headers['x-mse-tag']).toBe('gray');
  });

  it.each(FORMS)(
    'sends our tag to nobody outside the mesh, and the rest as it is, called by %s',
    async (form) => {
      const outside = await startOutside();
      try {
        const authority = `${outside.at.address}:${outside.at.port}`;
        const headers = { baggage: 'tenant=7;p=1 , lane=gray', 'x-request-id': 'r' };
        const answer = await mesh.pod('Agray').app.call(authority, { form, headers });
        expect(answer.status).toBe(200);
        expect(outside.seen).toHaveLength(1);
        expect(outside.seen[0]).toMatchObject({
          baggage: 'tenant=7;p=1',
          host: authority,
          'x-request-id': 'r',
        });
        expect(Object.keys(outside.seen[0] ?? {}).filter((name) => name.startsWith('x-lanekeeper'))).toEqual(
          [],
        );
      } finally {
        outside.stop();
      }
    },
  );

  it('decides for each request of a connection anew, at the gateway, at a sidecar and inside a tunnel', async () => {
    const tags = ['lane=gray', 'tenant=1', 'lane=gray', 'tenant=1'];
    const visited: string[] = [];
    const ask = async (one: () => Promise<Answer>): Promise<void> => void visited.push(trail(await one()));
    const agents = [0, 1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const [atGateway, atSidecar, inTunnel] = agents;
    const socket = await tunnel(mesh.pod('A').proxy.entry, 'c:80');
    try {
      if (inTunnel !== undefined) inTunnel.createConnection = () => socket;
      for (const tag of tags) {
        const headers = { baggage: tag };
        const entry = mesh.pod('A').proxy.entry;
        const host = tag === 'lane=gray' ? GRAY : BASE;
        await ask(() => mesh.send({ host, path: chainPath([]), ...optional(atGateway) }));
        await ask(() => send(entry, { host: 'c', headers, ...optional(atSidecar) }));
        await ask(() => send(entry, { host: 'c', headers, ...optional(inTunnel) }));
      }
    } finally {
      socket.destroy();
      for (const agent of agents) agent.destroy();
    }
    const round = ['Agray', 'Cgray', 'Cgray', 'A', 'C', 'C'];
    expect(visited).toEqual([...round, ...round]);
  });

  it('infers nothing where the group has turned it off', async () => {
    const [demo, careful] = SPEC.config.groups;
    const evidence = { inFlight: false, trace: false };
    await mesh.rewrite({ ...mesh.config, groups: [{ ...demo, evidence }, careful] });
    for (const [header, visited] of [
      ['x-request-id', 'Agray M C'],
      ['baggage', 'Agray M Cgray'],
    ] as const) {
      const path = chainPath(['m', 'c'], { forward: [header] });
      const answer = await mesh.send({ host: GRAY, path, headers: { 'x-request-id': nextMark() } });
      expect(trail(answer)).toBe(visited);
    }
    await mesh.rewrite(mesh.config);
  });

  it('keeps a tag from outside where the edge is told to trust it', async () => {
    const gateway = { ...SPEC.config.gateway, trustIncomingTag: true };
    await mesh.rewrite({ ...mesh.config, gateway });
    const headers = { baggage: 'lane=gray' };
    expect(trail(await mesh.send({ host: BASE, path: chainPath(['b', 'c']), headers }))).toBe(
      'Agray Bgray Cgray',
    );
    const conflict = await mesh.send({ host: BASE, headers: { baggage: 'lane=gray,lane=lonely' } });
    expect([conflict.status, conflict.headers['x-lanekeeper-error']]).toEqual([400, 'ambiguous-tag']);
    await mesh.rewrite(mesh.config);
    expect(trail(await mesh.send({ host: BASE, path: chainPath(['b', 'c']), headers }))).toBe('A B C');
  });
});

const optional = (agent: Agent | undefined): { readonly agent?: Agent } =>
  agent === undefined ? {} : { agent };

interface Outside {
  readonly at: Place;
  readonly seen: IncomingHttpHeaders[];
  stop(): void;
}

async function startOutside(): Promise<Outside> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end('outside');
  });
  const at = { address: loopbackAddress(), port: 9000 };
  server.listen(at.port, at.address);
  await once(server, 'listening');
  return {
    at,
    seen,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
