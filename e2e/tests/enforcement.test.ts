import type { Hop } from '@lanekeeper/protocol/hop';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { trail, visitsOf } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { send, type Answer, type Ask } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

const TAG = { baggage: 'lane=gray' };
const UNTAGGED = { baggage: 'tenant=1' };

/** B is permissive, S strict, Egray an entry; L and Lother believe to be gray, though the mesh has them as base. */
const SPEC = {
  pods: [
    { name: 'B', service: 'b' },
    { name: 'Bgray', service: 'b', lane: 'gray' },
    { name: 'S', service: 's' },
    { name: 'Sgray', service: 's', lane: 'gray' },
    { name: 'Egray', service: 'e', lane: 'gray', variables: { untaggedInbound: 'adopt' as const } },
    { name: 'E', service: 'e' },
    { name: 'L', service: 'l', variables: { lane: 'gray' } },
    { name: 'Lother', service: 'l', variables: { lane: 'gray' } },
  ],
  config: {
    groups: [
      { name: 'demo', services: ['b', 'e', 'l'] },
      { name: 'careful', services: ['s'], mode: 'strict' },
    ],
    lanes: [
      { name: 'gray', group: 'demo', entries: ['e'], match: [{ headers: { 'x-user': { exact: '7' } } }] },
      { name: 'gray', group: 'careful' },
    ],
  },
};

describe('both sides enforce: callers without a sidecar', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  let marks = 0;

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());
  afterEach(() => {
    for (const { name } of SPEC.pods) mesh.pod(name).app.handler = undefined;
  });

  /** A caller that no sidecar stands beside dials the pod itself. */
  const dial = (name: string, ask: Ask = {}): Promise<Answer> =>
    send(mesh.pod(name).endpoint, { host: name.charAt(0).toLowerCase(), ...ask });

  const escapes = (name: string, kind: string): Promise<number> =>
    mesh.pod(name).proxy.metric('lanekeeper_lane_escape_total', { kind });

  function hopsOf(name: string, mark: string): Promise<readonly Hop[]> {
    return eventually(`hops of ${mark} at ${name}`, async () => {
      const found = (await mesh.pod(name).proxy.hops()).filter((hop) => hop.path.includes(mark));
      return found.length > 0 && found;
    });
  }

  it.each([
    ['a gray request that reached base', 'B', TAG, 'Bgray'],
    ['a base request that reached gray', 'Bgray', UNTAGGED, 'B'],
  ])('sends %s on, once, counts it, and shows why', async (_what, dialled, headers, served) => {
    const before = await escapes(dialled, 'corrected');
    const path = `/?mark=c${(marks += 1)}`;
    const answer = await dial(dialled, { path, headers });
    expect(trail(answer)).toBe(served);
    expect(visitsOf(answer)[0]?.headers).not.toHaveProperty('x-lanekeeper-hop');
    expect(await hopsOf(dialled, path)).toMatchObject([
      { direction: 'inbound', endpoint: { pod: served }, why: expect.stringContaining('sent on once') },
    ]);
    expect(await hopsOf(served, path)).toMatchObject([{ direction: 'inbound', endpoint: { pod: served } }]);
    expect(await escapes(dialled, 'corrected')).toBe(before + 1);
    expect(await escapes(served, 'corrected')).toBe(dialled === 'B' ? 0 : 1);
  });

  it('leaves alone what reached the right pod', async () => {
    expect(trail(await dial('B'))).toBe('B');
    expect(trail(await dial('Bgray', { headers: TAG }))).toBe('Bgray');
    expect(await escapes('B', 'refused')).toBe(0);
  });

  it('refuses in strict mode what reached the wrong pod, and its application sees nothing', async () => {
    const reached: string[] = [];
    for (const name of ['S', 'Sgray']) {
      mesh.pod(name).app.handler = (_request, response) => {
        reached.push(name);
        response.end('[]');
      };
    }
    const gray = await dial('S', { headers: TAG });
    const base = await dial('Sgray', { headers: UNTAGGED });
    for (const answer of [gray, base]) {
      expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([503, 'wrong-lane']);
    }
    expect(reached).toEqual([]);
    expect([await escapes('S', 'refused'), await escapes('Sgray', 'refused')]).toEqual([1, 1]);
    await dial('S');
    await dial('Sgray', { headers: TAG });
    expect(reached).toEqual(['S', 'Sgray']);
  });

  it.each(['origin', 'corrected'])(
    'brings no baseline request into gray by a forged x-lanekeeper-hop: %s',
    async (hop) => {
      let reached = 0;
      mesh.pod('Bgray').app.handler = (_request, response) => {
        reached += 1;
        response.end('[]');
      };
      const answer = await dial('Bgray', { headers: { ...UNTAGGED, 'x-lanekeeper-hop': hop } });
      expect(reached).toBe(0);
      if (hop === 'origin') expect(trail(answer)).toBe('B');
      else expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([508, 'loop']);
    },
  );

  it('ends a loop after one correction, where pods and mesh disagree about lanes', async () => {
    let reached = 0;
    for (const name of ['L', 'Lother']) {
      mesh.pod(name).app.handler = (_request, response) => {
        reached += 1;
        response.end('[]');
      };
    }
    const answer = await dial('L', { headers: UNTAGGED });
    expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([508, 'loop']);
    expect(reached).toBe(0);
    expect([await escapes('L', 'corrected'), await escapes('Lother', 'loop')]).toEqual([1, 1]);
  });

  it('shows x-lanekeeper-hop to no application, whoever wrote it', async () => {
    const forged = await dial('B', { headers: { 'x-lanekeeper-hop': 'origin' } });
    const called = await mesh.pod('E').app.call('b', { headers: TAG });
    expect([trail(forged), trail(called)]).toEqual(['B', 'Bgray']);
    for (const answer of [forged, called]) {
      expect(Object.keys(visitsOf(answer)[0]?.headers ?? {})).not.toContain('x-lanekeeper-hop');
    }
  });

  it('colours by rule at a workload that is an entry, and nowhere else', async () => {
    const headers = { 'x-user': '7' };
    expect(trail(await dial('E', { headers }))).toBe('Egray');
    expect(trail(await dial('B', { headers }))).toBe('B');
    expect(trail(await dial('E', { headers: { ...headers, baggage: 'lane=base' } }))).toBe('E');
  });

  it('takes untagged requests for its own where the pod is told to adopt them, and tagged ones by their tag', async () => {
    const adopted = await dial('Egray', { headers: UNTAGGED });
    expect(trail(adopted)).toBe('Egray');
    expect(visitsOf(adopted)[0]?.headers['baggage']).toContain('lane=gray');
    expect(trail(await dial('Egray', { headers: { baggage: 'lane=base' } }))).toBe('E');
    expect(trail(await dial('E', { headers: UNTAGGED }))).toBe('E');
  });
});
