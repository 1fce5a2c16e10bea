import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { CONFIG_MAPS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pod, TestCluster } from '../source/kubernetes/convert/cluster.fixture.ts';
import { createClusterSharing, LANES_MAP } from './cluster-sharing.ts';
import type { LaneSharing, LaneStatement, ReplicaLanes } from './lane-statement.ts';

const NAMESPACE = 'lanekeeper-system';
const MAP = { resource: CONFIG_MAPS, namespace: NAMESPACE, name: LANES_MAP };
const STATEMENT: LaneStatement = {
  ...{ routing: 'r1', rules: 'h1', of: 3, routed: 2, whole: 1, missing: ['shop/b-1'] },
  held: { match: [{ hosts: ['gray.example.com'] }], entries: ['shop/a'], priority: 10 },
};
const LANES: ReplicaLanes = new Map([['shop/demo gray', STATEMENT]]);

let server: ApiServer;
let client: ApiClient;
let cluster: TestCluster;
let open: LaneSharing[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  open = [];
  cluster = new TestCluster();
  for (const name of ['cp-1', 'cp-2']) cluster.put(pod(name, '10.0.0.1', { namespace: NAMESPACE }));
  putMap();
});

afterEach(async () => {
  await Promise.all(open.map((sharing) => sharing.close()));
  client.close();
  await server.stop();
});

function putMap(data: Readonly<Record<string, string>> = {}): void {
  server.put({ resource: CONFIG_MAPS }, { metadata: { name: MAP.name, namespace: NAMESPACE }, data });
}

async function start(name: string) {
  const log = createRecordingLog();
  const metrics = createKubernetesMetrics(new Metrics());
  const sharing = createClusterSharing({
    cluster: { client, metrics, namespace: NAMESPACE, pod: name, tables: cluster.tables },
    log,
  });
  open.push(sharing);
  await sharing.start();
  return { ...sharing, log };
}

async function keys(): Promise<readonly string[]> {
  return Object.keys(fieldsOf((await client.get(MAP))['data']));
}

it('what one replica says the others hear, held rules included', async () => {
  const [one, two] = [await start('cp-1'), await start('cp-2')];
  one.say(LANES, 'now');
  await vi.waitFor(() => expect(two.others()).toEqual(new Map([['cp-1', LANES]])));
  expect(one.others().get('cp-1')).toBeUndefined();
});

it('a replica is known to the others before it says anything of a lane', async () => {
  const one = await start('cp-1');
  await start('cp-2');
  await vi.waitFor(() => expect(one.others()).toEqual(new Map([['cp-2', new Map()]])));
});

it('of a replica that is gone nobody hears any more, and its words are taken away', async () => {
  putMap({ 'lanes.cp-9.json': JSON.stringify(Object.fromEntries(LANES)), 'other.json': '{}' });
  const one = await start('cp-1');
  expect(one.others()).toEqual(new Map());
  one.say(LANES, 'now');
  await vi.waitFor(async () => expect(await keys()).toEqual(['other.json', 'lanes.cp-1.json']));
  await one.close();
  await vi.waitFor(async () => expect(await keys()).toEqual(['other.json']));
});

it('what another version has written is left out, and rules that a sidecar would not take', async () => {
  const { held, ...plain } = STATEMENT;
  const bad = { ...plain, held: { ...held, match: [{ hosts: ['http://'] }] } };
  putMap({
    'lanes.cp-2.json': JSON.stringify({ good: plain, bad, strange: { routing: 7 }, none: null }),
    'lanes.cp-3.json': 'no JSON',
  });
  const one = await start('cp-1');
  expect(one.others()).toEqual(
    new Map([
      [
        'cp-2',
        new Map([
          ['good', plain],
          ['bad', plain],
        ]),
      ],
    ]),
  );
});

it('without the map a replica starts all the same, and says that it is alone', async () => {
  server.remove({ resource: CONFIG_MAPS }, MAP.name, NAMESPACE);
  const one = await start('cp-1');
  expect(one.log.events.map(({ event }) => event)).toContain('lanes_not_shared');
  expect(one.others()).toEqual(new Map());
  putMap();
  await vi.waitFor(async () => expect(await keys()).toEqual(['lanes.cp-1.json']), { timeout: 10_000 });
});

it('ends its start where it is closed meanwhile', async () => {
  server.fault = () => ({ kind: 'stall' });
  const starting = start('cp-1');
  await vi.waitFor(() => expect(open).toHaveLength(1));
  await open[0]?.close();
  await expect(starting).resolves.toBeDefined();
});

it('a word that nobody waits for is written with the next ones', async () => {
  const one = await start('cp-1');
  const before = server.requests.filter(({ method }) => method === 'PATCH').length;
  one.say(LANES, 'soon');
  one.say(new Map([['a', STATEMENT]]), 'soon');
  one.say(new Map([['b', STATEMENT]]), 'now');
  one.say(new Map([['b', STATEMENT]]), 'now');
  await vi.waitFor(async () => {
    const text = fieldsOf((await client.get(MAP))['data'])['lanes.cp-1.json'];
    expect(Object.keys(JSON.parse(String(text)) as object)).toEqual(['b']);
  });
  expect(server.requests.filter(({ method }) => method === 'PATCH').length).toBe(before + 1);
});
