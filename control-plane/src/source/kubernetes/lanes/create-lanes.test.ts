import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DEFAULT_MESH_PART } from '../../../catalog/mesh-part.ts';
import { LaneCluster } from './lane-cluster.fixture.ts';

const PATIENCE = { timeout: 10_000 };

let cluster: LaneCluster;

beforeEach(async () => {
  cluster = new LaneCluster();
  await cluster.start();
  cluster.service('a', [{ name: 'a-1', address: '10.0.0.1', labels: { app: 'a' } }]);
  cluster.service('b', [
    { name: 'b-1', address: '10.0.0.2', labels: { app: 'b' } },
    { name: 'b-gray-1', address: '10.0.0.3', labels: { app: 'b', 'lanekeeper.io/lane': 'gray' } },
    { name: 'b-new-1', address: '10.0.0.4', labels: { app: 'b', version: 'new' } },
  ]);
});

afterEach(() => cluster.stop());

function declareGroup(name = 'demo', services: readonly string[] = ['a', 'b']): void {
  cluster.declare('LaneGroup', name, { services: services.map((service) => ({ name: service })) });
}

const BETA = [{ headers: { 'x-tier': { exact: 'beta' } } }];

it('tells sidecars groups and lanes as they are declared, changed and deleted', async () => {
  declareGroup();
  const plane = await cluster.controlPlane();
  const sidecar = plane.sidecar('a-1');
  expect((await sidecar.take()).mesh?.value.groups).toMatchObject([
    { name: 'shop/demo', services: [{ name: 'a', namespace: 'shop' }, { name: 'b' }], mode: 'permissive' },
  ]);
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA, entries: ['a'] });
  expect((await sidecar.take()).mesh?.value.lanes).toEqual([
    expect.objectContaining({ name: 'gray', group: 'shop/demo', match: BETA, entries: ['shop/a'] }),
  ]);
  cluster.declare('Lane', 'gray', { group: 'demo', fallback: [] });
  expect((await sidecar.take()).mesh?.value.lanes).toMatchObject([{ fallback: [], match: [] }]);
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA });
  expect((await sidecar.take()).mesh?.value.lanes).toMatchObject([{ match: BETA }]);
  cluster.remove('LaneGroup', 'demo');
  expect((await sidecar.take()).mesh?.value).toMatchObject({
    groups: [{ name: 'shop/demo' }],
    lanes: [{ group: 'shop/demo', match: [] }],
  });
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=False (GroupNotFound)'),
    PATIENCE,
  );
  expect(cluster.message('Lane', 'gray', 'Accepted')).toContain('its LaneGroup is deleted');
});

it('keeps the last good generation in force when an invalid one got in, and says all that is wrong with it', async () => {
  declareGroup();
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA });
  const plane = await cluster.controlPlane();
  const sidecar = plane.sidecar('a-1');
  const before = await sidecar.take();
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=True (Accepted)'),
    PATIENCE,
  );
  cluster.declare('Lane', 'gray', { group: 'demo', priority: 'high', match: [{ percent: 500 }] });
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=False (Invalid)'),
    PATIENCE,
  );
  const message = String(cluster.message('Lane', 'gray', 'Accepted'));
  expect(message).toContain('spec.priority: ');
  expect(message).toContain('spec.match[0].percent: ');
  expect(message).toMatch(/Generation \d+ stays in force/);
  expect(plane.source.catalog.mesh().version).toBe(before.mesh?.version);
  expect(plane.source.findings().join()).toContain('Lane shop/gray: spec.priority: ');
  // A replica that starts now has never seen the good one.
  const second = await cluster.controlPlane('cp-2');
  expect(second.source.catalog.mesh().version).toBe(before.mesh?.version);
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA, priority: 3 });
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=True (Accepted)'),
    PATIENCE,
  );
  expect(cluster.status('Lane', 'gray')).not.toHaveProperty('inForce');
});

it('ignores an object that was never good', async () => {
  declareGroup();
  cluster.declare('Lane', 'blue', { group: 'demo', fallback: ['base', 'blue'] });
  const plane = await cluster.controlPlane();
  expect(plane.lanes()).toEqual(['- gray']);
  await vi.waitFor(
    () => expect(cluster.message('Lane', 'blue', 'Accepted')).toContain('Nothing of it is in force'),
    PATIENCE,
  );
});

it('says of each lane and group what there is of it', async () => {
  declareGroup('demo', ['a', 'b', 'c']);
  cluster.declare('Lane', 'gray', { group: 'demo' });
  cluster.declare('Lane', 'lost', { group: 'nowhere' });
  await cluster.controlPlane();
  await vi.waitFor(
    () =>
      expect(cluster.status('LaneGroup', 'demo')).toMatchObject({
        members: [
          { service: 'shop/a', pods: 1, injected: 1, lanes: { base: 1 } },
          { service: 'shop/b', pods: 3, injected: 3, lanes: { base: 2, gray: 1 } },
          { service: 'shop/c', pods: 0, injected: 0, lanes: {} },
        ],
        lanes: [{ name: 'gray', endpoints: 1, ready: true }],
      }),
    PATIENCE,
  );
  expect(cluster.conditions('LaneGroup', 'demo')).toContain('Ready=False (MembersUnknown)');
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Ready=True (Ready)'),
    PATIENCE,
  );
  expect(cluster.status('Lane', 'gray')).toMatchObject({ endpoints: { a: 0, b: 1, c: 0 } });
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'lost')).toContain('Accepted=False (GroupNotFound)'),
    PATIENCE,
  );
  expect(cluster.message('Lane', 'lost', 'Accepted')).toContain('there is no LaneGroup shop/nowhere');
  cluster.pod({ name: 'a-gray-1', address: '10.0.0.9', labels: { app: 'a', 'lanekeeper.io/lane': 'gray' } });
  await vi.waitFor(
    () => expect(cluster.status('Lane', 'gray')).toMatchObject({ endpoints: { a: 1 } }),
    PATIENCE,
  );
});

it('gives pods the lane that a selector says, and tells their sidecars', async () => {
  declareGroup();
  const plane = await cluster.controlPlane();
  const sidecar = plane.sidecar('b-new-1', '10.0.0.4');
  // Its environment says so too.
  expect(['base', undefined]).toContain((await sidecar.take()).lane);
  cluster.declare('Lane', 'fresh', { group: 'demo', selector: { version: 'new' } });
  await vi.waitFor(() => expect(plane.source.catalog.laneOf('10.0.0.4')).toBe('fresh'), PATIENCE);
  const lanes = plane.source.catalog.service('shop/b')?.value.endpoints.map(({ lane }) => lane);
  expect(lanes).toEqual([undefined, 'gray', 'fresh']);
  await vi.waitFor(() => expect(sidecar.updates.at(-1)?.lane).toBe('fresh'), PATIENCE);
  await vi.waitFor(
    () => expect(cluster.status('Lane', 'fresh')).toMatchObject({ endpoints: { b: 1 } }),
    PATIENCE,
  );
});

it('leaves a pod that two lanes select to the older one, and warns at the other', async () => {
  declareGroup();
  const selector = { version: 'new' };
  cluster.declare('Lane', 'young', { group: 'demo', selector });
  cluster.declare('Lane', 'old', { group: 'demo', selector }, { creationTimestamp: cluster.createdAt(60) });
  const plane = await cluster.controlPlane();
  expect(plane.source.catalog.laneOf('10.0.0.4')).toBe('old');
  await vi.waitFor(
    () =>
      expect(cluster.status('Lane', 'young')['warnings']).toContainEqual(
        expect.objectContaining({ code: 'LK0102' }),
      ),
    PATIENCE,
  );
});

it('tells a lane that a mesh file declares otherwise that the file’s word counts', async () => {
  declareGroup();
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA });
  const plane = await cluster.controlPlane();
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=True (Accepted)'),
    PATIENCE,
  );
  const [group] = plane.source.catalog.mesh().value.groups;
  const [lane] = plane.source.catalog.mesh().value.lanes;
  if (group === undefined || lane === undefined) throw new Error('nothing is in force');
  const mesh = { ...DEFAULT_MESH_PART, groups: [group], lanes: [{ ...lane, match: [] }] };
  plane.catalog.apply({ source: 'file', put: [], removed: [], mesh });
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Accepted=False (DeclaredElsewhere)'),
    PATIENCE,
  );
  expect(cluster.conditions('LaneGroup', 'demo')).toContain('Accepted=True (Accepted)');
});

it('gives a service that two groups name to the older one, and tells the other', async () => {
  cluster.declare('LaneGroup', 'young', { services: [{ name: 'b' }] });
  cluster.declare(
    'LaneGroup',
    'old',
    { services: [{ name: 'a' }, { name: 'b' }] },
    { creationTimestamp: cluster.createdAt(60) },
  );
  const plane = await cluster.controlPlane();
  const groups = plane.source.catalog.mesh().value.groups;
  expect(groups.map(({ name, services }) => `${name} ${services.length}`).sort()).toEqual([
    'shop/old 2',
    'shop/young 0',
  ]);
  await vi.waitFor(
    () => expect(cluster.conditions('LaneGroup', 'young')).toContain('Accepted=False (ServiceInTwoGroups)'),
    PATIENCE,
  );
  expect(cluster.message('LaneGroup', 'young', 'Accepted')).toContain('spec.services[0]: ');
});

it('lets a service of another namespace into a group only where it is exported there', async () => {
  cluster.service('b', [], { 'lanekeeper.io/export-to': '.' });
  cluster.declare(
    'LaneGroup',
    'theirs',
    { services: [{ name: 'b', namespace: 'shop' }] },
    { namespace: 'web' },
  );
  const plane = await cluster.controlPlane();
  const members = (): unknown => plane.source.catalog.mesh().value.groups[0]?.services;
  await vi.waitFor(() => expect(members()).toEqual([]), PATIENCE);
  cluster.service('b', [], { 'lanekeeper.io/export-to': 'web' });
  await vi.waitFor(() => expect(members()).toEqual([{ name: 'b', namespace: 'shop' }]), PATIENCE);
});

it('puts the rules of a lane out of force when it is older than its ttl; its routing stays', async () => {
  declareGroup();
  const created = { creationTimestamp: cluster.createdAt(10) };
  const declareGray = (ttl: string): void =>
    void cluster.declare('Lane', 'gray', { group: 'demo', match: BETA, ttl, fallback: [] }, created);
  declareGray('1h');
  const plane = await cluster.controlPlane();
  const lane = (): unknown => plane.source.catalog.mesh().value.lanes.find(({ name }) => name === 'gray');
  expect(lane()).toMatchObject({ match: BETA });
  const ageMs = Date.now() - Date.parse(created.creationTimestamp);
  declareGray(`${Math.ceil(ageMs / 1_000) + 2}s`);
  await vi.waitFor(
    () => expect(lane()).toMatchObject({ match: [], fallback: [], group: 'shop/demo' }),
    PATIENCE,
  );
  await vi.waitFor(
    () => expect(cluster.conditions('Lane', 'gray')).toContain('Expired=True (TtlOver)'),
    PATIENCE,
  );
  declareGray('1h');
  await vi.waitFor(() => expect(lane()).toMatchObject({ match: BETA }), PATIENCE);
});

it('a lane that is deleted keeps its routing for those who carry its tag, but colours nobody', async () => {
  declareGroup();
  cluster.declare('Lane', 'gray', { group: 'demo', match: BETA, fallback: [] });
  const plane = await cluster.controlPlane();
  cluster.remove('Lane', 'gray');
  const lane = (): unknown => plane.source.catalog.mesh().value.lanes.find(({ name }) => name === 'gray');
  await vi.waitFor(
    () => expect(lane()).toMatchObject({ match: [], fallback: [], group: 'shop/demo' }),
    PATIENCE,
  );
});

it('reads OpenSergo’s rules: requests and workloads of an app; data are not effective yet', async () => {
  cluster.declare('TrafficLabelRule', 'beta-users', {
    selector: { app: 'a' },
    trafficLabel: 'gray',
    match: [{ condition: '==', type: 'header', key: 'x-user-tier', value: 'beta' }],
  });
  cluster.declare('WorkloadLabelRule', 'all-of-a', { workloadLabels: ['gray'], selector: { app: 'a' } });
  cluster.declare('WorkloadLabelRule', 'orders-shadow', {
    workloadLabels: ['gray'],
    selector: { db: 'orders', table: 'orders_gray' },
  });
  const plane = await cluster.controlPlane();
  expect(plane.source.catalog.mesh().value.colouring).toMatchObject([
    { name: 'TrafficLabelRule shop/beta-users', lane: 'gray', entries: ['shop/a'] },
  ]);
  expect(plane.source.catalog.laneOf('10.0.0.1')).toBe('gray');
  const rule = (name: string): readonly string[] => cluster.conditions('WorkloadLabelRule', name);
  await vi.waitFor(
    () =>
      expect(rule('orders-shadow')).toEqual([
        'Accepted=True (Accepted)',
        'NotEffective=True (NotYetEffective)',
      ]),
    PATIENCE,
  );
  await vi.waitFor(
    () => expect(rule('all-of-a')).toEqual(['Accepted=True (Accepted)', 'NotEffective=False (Effective)']),
    PATIENCE,
  );
});

it('starts where the API server serves none of the kinds, and takes them when it does', async () => {
  const { fault } = cluster.server;
  let isServed = false;
  const isOurs = (path: string): boolean =>
    path.startsWith('/apis/lanekeeper.io/') || path.startsWith('/apis/traffic.opensergo.io/');
  cluster.server.fault = (request) =>
    !isServed && isOurs(request.path) ? { kind: 'status', status: 404, reason: 'NotFound' } : fault(request);
  declareGroup();
  const plane = await cluster.controlPlane();
  expect([plane.source.problems(), plane.source.catalog.mesh().value.groups]).toEqual([[], []]);
  isServed = true;
  await vi.waitFor(() => expect(plane.source.catalog.mesh().value.groups).toHaveLength(1), PATIENCE);
});

it('says what lint finds of a lane, in its status', async () => {
  declareGroup();
  cluster.declare('Lane', 'empty', { group: 'demo', selector: { version: 'none-has-it' } });
  await cluster.controlPlane();
  await vi.waitFor(
    () =>
      expect(cluster.status('Lane', 'empty')['warnings']).toContainEqual(
        expect.objectContaining({ code: 'LK0107' }),
      ),
    PATIENCE,
  );
});
