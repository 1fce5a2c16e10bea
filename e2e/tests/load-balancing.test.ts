import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trail, visitsOf } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { send, type Answer, type Ask } from '../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const plain = (service: string, ...names: readonly string[]) =>
  names.map((name) => ({ name, service, sidecar: false }));

const SPEC = {
  pods: [
    { name: 'Caller', service: 'caller', zone: 'near' },
    { name: 'Heavy', service: 'weighted', weight: 300, sidecar: false },
    { name: 'Light', service: 'weighted', weight: 100, sidecar: false },
    { name: 'Nothing', service: 'weighted', weight: 0, sidecar: false },
    ...plain('dying', 'D1', 'D2', 'Ddead'),
    { name: 'L', service: 'lane', sidecar: false },
    { name: 'Lgray', service: 'lane', lane: 'gray', sidecar: false },
    ...plain('fragile', 'F1', 'F2'),
    ...plain('stuck', 'S1', 'S2'),
    { name: 'Near', service: 'zoned', zone: 'near', sidecar: false },
    { name: 'Far', service: 'zoned', zone: 'far', sidecar: false },
  ],
  config: {
    groups: [{ name: 'demo', services: ['lane', 'dying', 'weighted'] }],
    lanes: [{ name: 'gray', group: 'demo' }],
  },
};

interface ShownEndpoint {
  readonly pod: string;
  readonly ejected: boolean;
  readonly unused: string | null;
}

describe('load balancing', () => {
  let mesh: Mesh;
  let proxy: Proxy;
  let close: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
    ({ proxy } = mesh.pod('Caller'));
  }, 60_000);
  afterAll(() => close());

  const call = (host: string, ask: Ask = {}): Promise<Answer> => send(proxy.entry, { host, ...ask });

  async function serversOf(
    host: string,
    count: number,
    ask: Ask = {},
  ): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (let at = 0; at < count; at += 1) {
      const answer = await call(host, ask);
      expect(answer.status).toBe(200);
      const name = trail(answer);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  function kill(name: string): void {
    const { server } = mesh.pod(name).app;
    server.close();
    server.closeAllConnections();
  }

  async function endpointsOf(service: string): Promise<readonly ShownEndpoint[]> {
    const { services } = JSON.parse((await proxy.ask(`/clusters?service=${service}`)).text) as {
      readonly services: readonly {
        readonly ports: readonly { readonly endpoints: readonly ShownEndpoint[] }[];
      }[];
    };
    return services.flatMap(({ ports }) => ports.flatMap(({ endpoints }) => endpoints));
  }

  it('spreads requests by weight, and sends none to a weight of 0', async () => {
    const counts = await serversOf('weighted', 400);
    expect(Object.keys(counts).sort()).toEqual(['Heavy', 'Light']);
    // 300 expected; seven standard deviations of the binomial distribution.
    expect(counts['Heavy']).toBeGreaterThan(240);
    expect(counts['Heavy']).toBeLessThan(360);
  });

  it('sends nothing more to an endpoint that is stuck, while another one is free', async () => {
    const held: ServerResponse[] = [];
    for (const name of ['S1', 'S2']) {
      mesh.pod(name).app.handler = (_request, response) => {
        if (held.length === 0) {
          held.push(response);
          stuck = name;
        } else response.end(name);
      };
    }
    let stuck = '';
    const first = call('stuck');
    await eventually('a stuck request', () => held.length === 1);
    const names = new Set<string>();
    for (let at = 0; at < 20; at += 1) names.add((await call('stuck')).text);
    expect([...names]).toEqual([stuck === 'S1' ? 'S2' : 'S1']);
    held[0]?.end();
    await first;
  });

  it('fails no request for an endpoint that is dead, bodies included, and ejects it at the first refusal', async () => {
    kill('Ddead');
    const posts = await serversOf('dying', 40, { method: 'POST', body: 'x'.repeat(10_000) });
    expect(Object.keys(posts).sort()).toEqual(['D1', 'D2']);
    const dead = (await endpointsOf('dying')).find(({ pod }) => pod === 'Ddead');
    expect(dead).toMatchObject({ ejected: true, unused: 'ejected' });
    const labels = { service: 'default/dying', outcome: 'retried' };
    expect(await proxy.metric('lanekeeper_retries_total', labels)).toBe(1);
    const [last] = await proxy.hops('?service=default/dying&limit=1');
    expect(last).toMatchObject({ attempt: 1, dropped: [{ reason: 'ejected' }] });
  });

  it('falls back on the very first request to a lane whose only endpoint has died, and says so', async () => {
    const headers = { baggage: 'lane=gray' };
    expect(await serversOf('lane', 1, { headers })).toEqual({ Lgray: 1 });
    kill('Lgray');
    const answer = await call('lane', { headers });
    expect(trail(answer)).toBe('L');
    expect(visitsOf(answer)[0]?.headers['baggage']).toBe('lane=gray');
    const hop = await eventually('the hop', async () =>
      (await proxy.hops('?service=default/lane')).find((one) => one.subset === 'base'),
    );
    expect(hop).toMatchObject({
      lane: 'gray',
      attempt: 2,
      fallback: { from: 'gray', to: 'base' },
      dropped: [{ reason: 'already-tried' }],
    });
  });

  it('never sends again what an endpoint may have begun to work on', async () => {
    let reached = 0;
    for (const name of ['F1', 'F2']) {
      mesh.pod(name).app.handler = (request) => {
        reached += 1;
        request.socket.destroy();
      };
    }
    const answer = await call('fragile', { method: 'POST', body: 'order 1' });
    expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([502, 'upstream-reset']);
    expect(reached).toBe(1);
  });

  it('goes in turn where the file says so, and to its own zone as long as that one lives', async () => {
    expect(Object.keys(await serversOf('zoned', 40)).sort()).toEqual(['Far', 'Near']);
    const balancing = { policy: 'round-robin', zoneAware: true };
    await mesh.rewrite({ ...mesh.config, settings: { balancing } });
    expect(await serversOf('zoned', 20)).toEqual({ Near: 20 });
    expect(await serversOf('weighted', 40)).toEqual({ Heavy: 30, Light: 10 });
    kill('Near');
    expect(await serversOf('zoned', 10)).toEqual({ Far: 10 });
  });
});
