import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import type { Hop } from '@lanekeeper/protocol/hop';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainPath, trail } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { begin, response, send } from '../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const GRAY = 'gray.example.com';
const SPEC = {
  gateway: {},
  pods: [
    { name: 'A', service: 'a' },
    { name: 'Agray', service: 'a', lane: 'gray' },
    { name: 'B', service: 'b' },
    { name: 'C', service: 'c', sidecar: false },
    { name: 'Cgray', service: 'c', lane: 'gray', sidecar: false },
    { name: 'Cblue', service: 'c', lane: 'blue', sidecar: false },
  ],
  config: {
    groups: [{ name: 'demo', services: ['a', 'b', 'c'], evidence: { bridge: ['x-mse-tag'] } }],
    lanes: [
      {
        name: 'gray',
        group: 'demo',
        fallback: ['blue', 'base'],
        match: [{ hosts: [GRAY] }, { paths: [{ prefix: '/gray' }] }],
      },
      { name: 'blue', group: 'demo', serviceFallback: { b: [] } },
      { name: 'lonely', group: 'demo', fallback: [] },
    ],
    gateway: {
      routes: [
        { hosts: ['*.example.com'], service: 'a' },
        { hosts: ['*.example.com'], pathPrefix: '/c', service: 'c' },
        { hosts: ['c.example.com'], service: 'c' },
      ],
    },
  },
};

interface Shown {
  readonly lane: string;
  readonly endpoint: Hop['endpoint'];
  readonly refusal: { readonly code: string; readonly status: number } | null;
}
type Explained = Pick<
  Hop,
  'service' | 'subset' | 'fallback' | 'candidates' | 'generation' | 'evidence' | 'why'
> &
  Shown & { readonly counterfactual: readonly Shown[] };

interface Thought {
  readonly at: 'gateway' | 'A' | 'B' | 'Agray';
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Requests of every kind: coloured, tagged, bridged, contradictory, of unknown lanes, to services, ports and hosts that are not there. */
const thoughts: fc.Arbitrary<Thought> = fc
  .record({
    at: fc.constantFrom<Thought['at']>('gateway', 'A', 'B', 'Agray'),
    edge: fc.constantFrom(GRAY, 'www.example.com', 'c.example.com', 'elsewhere.org', 'WWW.Example.com:80'),
    service: fc.constantFrom('a', 'b', 'c', 'c:80', 'b:81', 'C.default.svc', '127.0.0.1:1'),
    path: fc.constantFrom('/', '/gray/x', '/c', '/grayer'),
    headers: fc.record(
      {
        baggage: fc.constantFrom(
          'lane=gray',
          'lane=blue',
          'lane=lonely',
          'lane=nosuch',
          'x=1',
          'lane=gray,lane=blue',
          'lane=%00',
        ),
        'x-mse-tag': fc.constantFrom('gray', 'blue', 'base'),
        'x-request-id': fc.constantFrom('never-seen', 'other'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ at, edge, service, path, headers }) => ({
    at,
    path,
    authority: at === 'gateway' ? edge : service,
    headers: headers as Readonly<Record<string, string>>,
  }));

/** An explanation has a little more to say than a hop has room for. */
function withoutSentences(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => name !== 'sentence' && name !== 'ambiguous'),
  );
}

describe('the admin port', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  let marks = 0;

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());

  const proxyOf = (name: string): Proxy => (name === 'gateway' ? mesh.gateway : mesh.pod(name).proxy);

  /** The same path, to be found again: nobody else asks for it. */
  const marked = (path: string): string => (path.includes('?') ? path : `${path}?${(marks += 1)}`);

  async function explain(thought: Thought): Promise<Explained> {
    const { authority, path } = thought;
    const query = new URLSearchParams({ authority, path });
    for (const [name, value] of Object.entries(thought.headers)) query.append('header', `${name}:${value}`);
    const answer = await proxyOf(thought.at).ask(`/explain?${query.toString()}`);
    expect(answer.status, answer.text).toBe(200);
    return (JSON.parse(answer.text) as { readonly decision: Explained }).decision;
  }

  /** Sends the request for real and returns its hop. */
  async function happen(thought: Thought): Promise<Hop> {
    const { authority, headers } = thought;
    const path = marked(thought.path);
    const proxy = proxyOf(thought.at);
    await send(proxy.entry, { host: authority, path, headers });
    return eventually('the hop', async () =>
      (await proxy.hops('?limit=20')).find((hop) => hop.path === path && hop.direction !== 'inbound'),
    );
  }

  it('explains beforehand exactly what then happens', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(thoughts, async (generated) => {
        const thought = { ...generated, path: marked(generated.path) };
        const said = await explain(thought);
        const hop = await happen(thought);
        outcomes.add(`${hop.evidence.rung} ${hop.subset} ${hop.error}`);
        for (const name of [
          'lane',
          'evidence',
          'service',
          'subset',
          'fallback',
          'candidates',
          'generation',
        ] as const) {
          expect(withoutSentences(said[name]), name).toEqual(hop[name]);
        }
        expect(said.why).toBe(hop.why);
        expect(said.refusal?.code ?? null).toBe(
          said.service === null && said.refusal === null ? null : hop.error,
        );
        if (said.refusal === null)
          expect(said.endpoint?.address).toBe(said.endpoint === null ? undefined : hop.endpoint?.address);
        else expect(hop.status).toBe(said.refusal.status);
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(outcomes.size).toBeGreaterThan(8);
  });

  it('tells what another lane would have got, as that lane then gets it', async () => {
    for (const authority of ['a', 'b', 'c']) {
      const { counterfactual } = await explain({ at: 'B', authority, path: '/', headers: {} });
      expect(counterfactual.map((one) => one.lane)).toEqual(['blue', 'gray', 'lonely']);
      for (const { lane, endpoint, refusal } of counterfactual) {
        const hop = await happen({ at: 'B', authority, path: '/', headers: { baggage: `lane=${lane}` } });
        expect([hop.endpoint?.address ?? null, hop.error]).toEqual([
          endpoint?.address ?? null,
          refusal?.code ?? null,
        ]);
      }
    }
  });

  it('sends nothing for an explanation and remembers nothing', async () => {
    const { proxy } = mesh.pod('A');
    const before = [await proxy.metric('lanekeeper_requests_total'), (await proxy.hops()).length];
    const headers = { baggage: 'lane=gray', 'x-request-id': 'explained' };
    await explain({ at: 'A', authority: 'c', path: '/', headers });
    expect([await proxy.metric('lanekeeper_requests_total'), (await proxy.hops()).length]).toEqual(before);
    const later = await happen({
      at: 'A',
      authority: 'c',
      path: '/',
      headers: { 'x-request-id': 'explained' },
    });
    expect(later.lane).toBe('base');
  });

  it('joins the hops of one trace over all sidecars', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await mesh.send({
      host: GRAY,
      path: chainPath(['b', 'c'], { forward: ['traceparent'] }),
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    expect(trail(answer)).toBe('Agray B Cgray');
    const found = async (name: string): Promise<readonly Hop[]> => proxyOf(name).hops(`?trace=${trace}`);
    const hops = await eventually('five hops', async () => {
      const all = (await Promise.all(['gateway', 'Agray', 'B', 'A'].map(found))).flat();
      return all.length === 5 && all;
    });
    expect(hops.every((hop) => hop.traceId === trace && hop.lane === 'gray')).toBe(true);
    expect(hops.map((hop) => `${hop.direction} ${hop.evidence.rung} ${hop.endpoint?.pod}`)).toEqual([
      'gateway rule Agray',
      'inbound baggage Agray',
      'outbound trace B',
      'inbound baggage B',
      'outbound trace Cgray',
    ]);
  });

  it('streams hops as they end, filtered, and goes on after the last one seen', async () => {
    const { proxy } = mesh.pod('A');
    const stream = await openStream(proxy, '/hops/stream?lane=gray');
    await happen({ at: 'A', authority: 'c', path: '/', headers: {} });
    const first = await happen({ at: 'A', authority: 'c', path: '/', headers: { baggage: 'lane=gray' } });
    await eventually('one event', () => stream.hops().length === 1);
    expect(stream.hops()).toEqual([first]);
    stream.close();
    const missed = await happen({ at: 'A', authority: 'c', path: '/', headers: { baggage: 'lane=gray' } });
    const again = await openStream(proxy, `/hops/stream?lane=gray&after=${first.id}`);
    await eventually('the one that was missed', () => again.hops().length === 1);
    expect(again.hops()).toEqual([missed]);
    again.close();
  });

  it('changes the log level at once', async () => {
    const { proxy } = mesh.pod('B');
    const lines = (): number => proxy.process.output().split('"event":"request"').length;
    const written = async (): Promise<void> => {
      const before = lines();
      await happen({ at: 'B', authority: 'c', path: '/', headers: {} });
      await eventually('an access line', () => lines() > before);
    };
    await written();
    expect((await proxy.ask('/log-level?level=warn', 'PUT')).status).toBe(200);
    const before = lines();
    await happen({ at: 'B', authority: 'c', path: '/quiet', headers: {} });
    expect((await proxy.ask('/log-level?level=loud', 'PUT')).status).toBe(400);
    expect((await proxy.ask('/log-level?level=info', 'PUT')).status).toBe(200);
    await written();
    expect(lines()).toBe(before + 1);
    expect(proxy.process.output()).not.toContain('/quiet');
  });

  it('changes nothing by GET, and offers nothing that changes or shows requests to the outside', async () => {
    const { proxy } = mesh.pod('B');
    for (const path of ['/drain', '/log-level?level=debug']) expect((await proxy.ask(path)).status).toBe(405);
    for (const [method, path] of [
      ['POST', '/drain'],
      ['GET', '/hops'],
      ['GET', '/config'],
    ] as const) {
      expect((await send(proxy.status, { method, path })).status).toBeGreaterThanOrEqual(404);
    }
    for (const path of ['/live', '/ready', '/metrics']) {
      expect((await send(proxy.status, { path })).status).toBe(200);
    }
  });

  it('shows lanes, clusters and the audit of what was sent', async () => {
    const { proxy } = mesh.pod('B');
    const show = async (path: string): Promise<unknown> => JSON.parse((await proxy.ask(path)).text);
    await happen({ at: 'B', authority: 'c', path: '/', headers: { baggage: 'lane=gray' } });
    expect(await show('/lanes')).toMatchObject({
      lanes: [{ lane: 'base' }, { lane: 'blue' }, { lane: 'gray' }, { lane: 'lonely', services: {} }],
    });
    expect(await show('/clusters?service=c')).toMatchObject({
      services: [{ service: 'default/c', group: 'demo', lanes: { base: 1, gray: 1, blue: 1 } }],
    });
    const audit = JSON.stringify(await show('/audit'));
    expect(audit).toContain('"peer":"default/c"');
  });
});

async function openStream(proxy: Proxy, path: string): Promise<{ hops(): readonly Hop[]; close(): void }> {
  const request = begin(proxy.admin, { path });
  request.end();
  const message: IncomingMessage = await response(request);
  let text = '';
  message.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await eventually('the beginning of the stream', () => text.includes('\n\n'));
  const closed = once(message, 'close');
  return {
    hops: () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .flatMap((event) => {
          const data = /^data: (.*)$/m.exec(event)?.[1];
          return data === undefined ? [] : [JSON.parse(data) as Hop];
        }),
    close() {
      message.destroy();
      void closed;
    },
  };
}
