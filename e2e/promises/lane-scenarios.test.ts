import { afterAll, describe, expect, it } from 'vitest';
import { installChart } from './harness/chart.ts';
import { namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import {
  chainOfLanes,
  CHAIN_DEPLOYMENTS,
  GATEWAY,
  ingress,
  lane,
  laneGroup,
  statusOf,
  WITH_GATEWAY,
} from './harness/lanes.ts';
import { useSpace } from './harness/space.ts';

const HOST = 'shop.example.com';
const BASE = 'A -> B -> C';
const GRAY = 'Agray -> Bgray -> Cgray';
const LOAD = { url: `${GATEWAY}/`, concurrency: 2, keepAlive: true };

describe('the four scenarios of a gray release, through the gateway', () => {
  const space = useSpace('scenarios');
  let outside: Client;
  let inside: Client;

  space.setUp(() => installChart(...WITH_GATEWAY));
  space.setUp(async () => {
    await space.apply(
      ...chainOfLanes(),
      laneGroup('demo', ['a', 'b', 'c']),
      ingress('shop', { [HOST]: 'a:8080' }),
    );
    outside = await startClient(space, 'outside', { injected: false });
    inside = await startClient(space, 'inside', { injected: true });
    await space.rolledOut(...CHAIN_DEPLOYMENTS);
  });
  afterAll(() => installChart());

  /** Declares the lane gray, and waits until its rules are in force everywhere. */
  async function declare(spec: object): Promise<void> {
    await space.apply(lane('gray', 'demo', spec));
    const { metadata } = await space.get<{ metadata: { generation: number } }>('lane', 'gray');
    await eventually(async () => {
      const { generation, acknowledged, conditions } = await statusOf(space.name, 'lane', 'gray');
      expect(generation).toBe(metadata.generation);
      expect(acknowledged).toMatch(/^(\d+)\/\1$/);
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    });
  }

  async function answeredBy(headers: Readonly<Record<string, string>>): Promise<string> {
    const { status, text } = await outside.ask({ url: `${GATEWAY}/`, headers: { host: HOST, ...headers } });
    expect({ status, text }).toMatchObject({ status: 200 });
    return text.replaceAll(/\[[\d.]+\]/g, '');
  }

  async function share(
    total: number,
  ): Promise<{ readonly gray: number; readonly chains: readonly string[] }> {
    const report = await outside.askMany({ ...LOAD, total, headers: { host: HOST }, numbered: 'x-user-id' });
    expect(report).toMatchObject({ ok: total, errors: {} });
    const gray = Object.entries(report.answers)
      .filter(([text]) => text.startsWith('Agray'))
      .reduce((sum, [, count]) => sum + count, 0);
    return { gray: gray / total, chains: namesIn(report.answers) };
  }

  it('simple batch: a share of users gets the gray versions of all, each user always the same', async () => {
    await declare({ match: [{ percent: 30, key: { header: 'x-user-id' } }] });
    await eventually(async () => expect((await share(60)).chains).toEqual([BASE, GRAY]));
    const { gray, chains } = await share(1_000);
    expect(chains).toEqual([BASE, GRAY]);
    expect(gray).toBeGreaterThan(0.24);
    expect(gray).toBeLessThan(0.36);
    for (const user of ['1001', '1002', '1003', '1004']) {
      const headers = { host: HOST, 'x-user-id': user };
      const { answers } = await outside.askMany({ ...LOAD, total: 20, headers });
      expect(namesIn(answers)).toHaveLength(1);
    }
  });

  it('simple batch: a larger share keeps who was gray, and 100 takes everybody', async () => {
    const users = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    const before = new Map<string, string>();
    for (const user of users) before.set(user, await answeredBy({ 'x-user-id': user }));
    await declare({ match: [{ percent: 70, key: { header: 'x-user-id' } }] });
    await eventually(async () => expect((await share(200)).gray).toBeGreaterThan(0.55));
    for (const user of users) {
      if (before.get(user) === GRAY) expect(await answeredBy({ 'x-user-id': user })).toBe(GRAY);
    }
    await declare({ match: [{ percent: 100, key: { header: 'x-user-id' } }] });
    await eventually(async () => expect((await share(60)).chains).toEqual([GRAY]));
  });

  it('outside traffic: by header, by cookie, by region', async () => {
    await declare({
      match: [
        { headers: { 'x-user-id': { in: ['1001', '1002'] } } },
        { cookies: { tester: { exact: 'yes' } } },
        { regions: ['hangzhou'] },
      ],
    });
    await eventually(async () => expect(await answeredBy({ 'x-user-id': '1001' })).toBe(GRAY));
    expect(await answeredBy({ cookie: 'a=b; tester=yes' })).toBe(GRAY);
    expect(await answeredBy({ 'x-region': 'hangzhou' })).toBe(GRAY);
    expect(await answeredBy({ 'x-user-id': '1003', cookie: 'tester=no', 'x-region': 'beijing' })).toBe(BASE);
    // Nobody outside says of himself that he is gray.
    expect(await answeredBy({ baggage: 'lane=gray' })).toBe(BASE);
  });

  it('outside and inside: a header of its own colours at a service in the middle too', async () => {
    await declare({ entries: ['b'], match: [{ headers: { _env: { exact: 'grey' } } }] });
    await eventually(async () => expect(await answeredBy({ _env: 'grey' })).toBe(GRAY));
    expect(await answeredBy({ _env: 'green' })).toBe(BASE);
    const ask = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const { text } = await inside.ask({ url: 'http://b:8080/', headers });
      return text.replaceAll(/\[[\d.]+\]/g, '');
    };
    await eventually(async () => expect(await ask({ _env: 'grey' })).toBe('Bgray -> Cgray'));
    expect(await ask({})).toBe('B -> C');
  });

  it('the whole chain: where B has no gray version the request leaves the lane and comes back', async () => {
    await declare({ match: [{ headers: { 'x-user-id': { exact: '1001' } } }] });
    await space.kubectl('scale', 'deployment/b-gray', '--replicas=0');
    await eventually(async () =>
      expect(await answeredBy({ 'x-user-id': '1001' })).toBe('Agray -> B -> Cgray'),
    );
    expect(await answeredBy({})).toBe(BASE);
    await space.kubectl('scale', 'deployment/b-gray', '--replicas=1');
    await space.rolledOut('b-gray');
    await eventually(async () => expect(await answeredBy({ 'x-user-id': '1001' })).toBe(GRAY));
  });

  it('a lane that is deleted under load loses no request', async () => {
    const headers = { host: HOST, 'x-user-id': '1001' };
    await outside.start({ ...LOAD, name: 'deleted', headers });
    await outside.reached('deleted', 50);
    await space.kubectl('delete', 'lane/gray');
    await eventually(async () => expect(await answeredBy({ 'x-user-id': '1001' })).toBe(BASE));
    const report = await outside.stop('deleted');
    expect(report).toMatchObject({ ok: report.ended, errors: {} });
  });
});
