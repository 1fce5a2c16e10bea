import { NacosError } from '@lanekeeper/nacos/nacos-error';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { instance, listOf } from './convert/instances.fixture.ts';
import { settle, sourceOf, startedSource as started } from './source.fixture.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what is known', () => {
  it('is every service of every group, each with its instances, once it has started', async () => {
    const file =
      'registries: [{servers: [nacos], namespaces: [{meshNamespace: shop, groups: [DEFAULT_GROUP, ADMIN]}]}]';
    const world = await started({ file }, (client) => {
      client.set('ADMIN@@panel', '10.0.0.4');
      client.set('OTHER@@hidden', '10.0.0.5');
    });
    expect(world.isStarted()).toBe(true);
    expect(world.endpoints('shop/orders')).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray ok']);
    expect(world.catalog.service('shop/orders')?.value.ports).toEqual([{ port: 80, protocol: 'auto' }]);
    expect(world.catalog.resolve('ip:10.0.0.3')).toEqual(['shop/stock']);
    expect(world.catalog.resolve('ip:10.0.0.5')).toEqual([]);
    expect(world.catalog.mesh().value.lanes.map(({ name }) => name)).toEqual(['gray']);
    expect(world.client().followed()).toEqual([]);
  });

  it('is asked for again until it has been read, and says why it is not', async () => {
    const world = sourceOf();
    await world.start();
    expect(world.isStarted()).toBe(false);
    expect(world.source.problems()).toEqual([
      'registry nacos, namespace public: not read yet: no answer yet',
    ]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.client().asked.length).toBeLessThan(40);
    world.client().set('orders', '10.0.0.1');
    world.client().connect();
    await settle();
    expect(world.isStarted()).toBe(true);
    expect(world.source.problems()).toEqual([]);
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok']);
  });

  it('is not held up by a service that the server does not give', async () => {
    const refusal = new NacosError('nacos_not_permitted', 'nacos: user u may not read it');
    const world = await started({}, (client) => client.refuse('stock', refusal));
    expect(world.isStarted()).toBe(true);
    expect(world.endpoints('default/orders')).toHaveLength(2);
    expect(world.source.findings()).toEqual([
      'registry nacos, namespace public: service default/stock: it cannot be read: nacos: user u may not read it',
    ]);
    world.client().refuse('stock', undefined);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(world.endpoints('default/stock')).toEqual(['10.0.0.3 base ok']);
    expect(world.source.findings()).toEqual([]);
  });

  it('tells once what the server refuses altogether', async () => {
    const refusal = new NacosError('nacos_not_permitted', 'nacos: user u may not list services');
    const world = await started({}, (client) => client.refuse('*', refusal));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.isStarted()).toBe(false);
    expect(world.lines.filter(({ event }) => event === 'nacos_not_read')).toHaveLength(1);
    expect(world.source.problems()[0]).toContain('user u may not list services');
  });

  it('follows new services, deleted ones and new addresses slowly, without following anybody', async () => {
    const world = await started();
    world.client().set('new', '10.0.0.9');
    world.client().delete('stock');
    world.client().set('orders', '10.0.0.7');
    await vi.advanceTimersByTimeAsync(31_000);
    expect(world.endpoints('default/new')).toEqual(['10.0.0.9 base ok']);
    expect(world.endpoints('default/stock')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.7 base ok']);
    expect(world.client().followed()).toEqual([]);
  });

  it('leaves alone what the mesh cannot name, and says so', async () => {
    const world = await started({}, (client) => client.set('a/b', '10.0.0.9'));
    expect(world.isStarted()).toBe(true);
    expect(world.source.findings()).toEqual([
      'registry nacos, namespace public: service "a/b" of group "DEFAULT_GROUP": the mesh cannot name it, so it is left alone',
    ]);
    expect(world.catalog.resolve('ip:10.0.0.9')).toEqual([]);
    world.client().delete('a/b');
    await vi.advanceTimersByTimeAsync(31_000);
    expect(world.source.findings()).toEqual([]);
  });
});

describe('what sidecars need', () => {
  it('is followed, by name or by the address of an instance, and nothing else is', async () => {
    const world = await started();
    world.want('ip:10.0.0.1');
    expect(world.client().followed()).toEqual(['DEFAULT_GROUP@@orders']);
    world.want('host:stock.default');
    expect(world.client().followed()).toHaveLength(2);
    world.client().set('orders', '10.0.0.1');
    await settle();
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok']);
  });

  it('is followed where another source knows it by an address of its own', async () => {
    const world = await started({
      file: 'registries: [{servers: [nacos], namespaces: [{meshNamespace: shop}]}]',
    });
    const config = {
      name: 'orders',
      namespace: 'shop',
      hosts: [],
      addresses: ['10.96.0.1'],
      ports: [],
      endpoints: [],
    };
    world.catalog.apply({ source: 'kubernetes', put: [{ config, exportTo: '*' }], removed: [] });
    world.want('ip:10.96.0.1');
    expect(world.client().followed()).toEqual(['DEFAULT_GROUP@@orders']);
  });

  it('that was asked for before anything was known is followed from the start', async () => {
    const world = sourceOf();
    world.want('host:orders.default');
    world.prepare((client) => {
      client.set('orders', '10.0.0.1');
      client.connect();
    });
    await world.start();
    expect(world.client().followed()).toEqual(['DEFAULT_GROUP@@orders']);
  });

  it('stays known with nobody in it when its last instance leaves, and is followed still', async () => {
    const world = await started();
    world.want('ip:10.0.0.3');
    world.client().set('stock');
    await settle();
    expect(world.endpoints('default/stock')).toEqual([]);
    world.client().delete('stock');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.endpoints('default/stock')).toEqual([]);
    world.client().set('stock', '10.0.0.3');
    await settle();
    expect(world.endpoints('default/stock')).toEqual(['10.0.0.3 base ok']);
  });

  it('is let go after a while when nobody needs it, not when a sidecar only connects anew', async () => {
    const world = await started();
    world.want('ip:10.0.0.1', 'host:orders.default');
    world.unwant('ip:10.0.0.1', 'host:orders.default');
    await vi.advanceTimersByTimeAsync(10_000);
    world.want('host:orders.default');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.client().followed()).toEqual(['DEFAULT_GROUP@@orders']);
    world.unwant('host:orders.default');
    await vi.advanceTimersByTimeAsync(31_000);
    expect(world.client().followed()).toEqual([]);
    expect(world.endpoints('default/orders')).toHaveLength(2);
  });

  it('makes it look for what nobody knows, at once and then not too often', async () => {
    const world = await started();
    world.client().set('new', '10.0.0.9');
    world.client().asked = [];
    world.want('ip:10.0.0.9');
    await settle();
    expect(world.client().followed()).toEqual(['DEFAULT_GROUP@@new']);
    for (let n = 0; n < 250; n++) {
      world.want(`ip:192.0.2.${n}`);
      await vi.advanceTimersByTimeAsync(40);
    }
    const asked = (start: string): number =>
      world.client().asked.filter((question) => question.startsWith(start)).length;
    expect(asked('list')).toBeGreaterThan(20);
    expect(asked('list')).toBeLessThan(110);
    expect(asked('query stock')).toBeGreaterThan(10);
    expect(asked('query stock')).toBeLessThan(55);
  });
});

describe('several registries and namespaces', () => {
  const FILE = `
registries:
- {name: one, servers: [a], namespaces: [{id: dev}, {id: test, meshNamespace: dev}]}
- {name: two, servers: [b], namespaces: [{meshNamespace: dev}]}
`;

  it('that are one namespace of the mesh have their services merged, instance by instance', async () => {
    const world = sourceOf({ file: FILE });
    const sets = [
      ['10.0.0.1'],
      [instance('10.0.0.1', { lane: 'gray' }), '10.0.0.2'],
      [instance('10.0.0.1', { healthy: false })],
    ];
    sets.forEach((instances, at) =>
      world.prepare((client) => {
        client.set('orders', ...instances);
        client.connect();
      }, at),
    );
    await world.start();
    expect(world.clients.map(({ server }) => [server.name, server.namespace])).toEqual([
      ['one', 'dev'],
      ['one', 'test'],
      ['two', ''],
    ]);
    expect(world.endpoints('dev/orders')).toEqual(['10.0.0.1 gray unhealthy', '10.0.0.2 base ok']);
    world.want('ip:10.0.0.2');
    expect(world.clients.map((client) => client.followed().length)).toEqual([1, 1, 1]);
    world.client(2).set('orders');
    await settle();
    expect(world.endpoints('dev/orders')).toEqual(['10.0.0.1 gray ok', '10.0.0.2 base ok']);
  });

  it('each say what is wrong with them', async () => {
    const world = sourceOf({ file: FILE });
    for (const at of [0, 1, 2]) world.prepare((client) => client.connect(), at);
    await world.start();
    world.client(1).lose('connection refused');
    expect(world.source.problems()).toEqual([
      'registry one, namespace test: no server has answered since 2026-01-01T00:00:00.000Z: connection refused; what was last known is served',
    ]);
  });
});

describe('an outage', () => {
  it('leaves everything as it was, however long, without a question and without a line', async () => {
    const world = await started();
    world.want('ip:10.0.0.1');
    world.client().lose();
    world.client().asked = [];
    const before = world.lines.length;
    world.client().set('orders');
    world.client().delete('stock');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(world.endpoints('default/orders')).toHaveLength(2);
    expect(world.endpoints('default/stock')).toHaveLength(1);
    expect(world.client().asked).toEqual([]);
    expect(world.lines).toHaveLength(before);
  });

  it('that cost the server its data wipes nobody out, with one line at the beginning and one at the end', async () => {
    const world = await started();
    world.want('ip:10.0.0.1', 'ip:10.0.0.3');
    world.client().lose();
    world.client().delete('orders');
    world.client().delete('stock');
    world.client().connect();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.endpoints('default/orders')).toHaveLength(2);
    expect(world.source.problems()).toEqual([
      'registry nacos, namespace public: the server came back without its data: 3 of 3 instances that were known are still missing (of default/orders, default/stock); they are served for 10 s more, or until they are back',
    ]);
    expect(world.metrics.expose()).toContain(
      'lanekeeper_nacos_kept_instances{registry="nacos",namespace="public"} 3',
    );
    world.client().set('orders', '10.0.0.1');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok']);
    expect(world.endpoints('default/stock')).toEqual([]);
    expect(world.source.problems()).toEqual([]);
    const events = world.lines.map(({ event }) => event).filter((event) => event.startsWith('nacos_data'));
    expect(events).toEqual(['nacos_data_lost', 'nacos_data_loss_over']);
  });

  it('that cost the server its data is judged by what sidecars need, not by what they have let go', async () => {
    const world = await started({}, (client) =>
      client.set('big', '10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'),
    );
    world.want('ip:10.0.0.3', 'ip:10.0.1.1');
    world.unwant('ip:10.0.1.1');
    await vi.advanceTimersByTimeAsync(31_000);
    world.client().lose();
    world.client().set('stock');
    world.client().connect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(world.endpoints('default/stock')).toHaveLength(1);
  });

  it('is over within two seconds for what left meanwhile', async () => {
    const world = await started({}, (client) =>
      client.set('big', '10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'),
    );
    world.want('ip:10.0.0.1', 'ip:10.0.1.1');
    world.client().lose();
    world.client().set('orders', '10.0.0.1');
    world.client().connect();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok']);
  });
});

describe('with pods of Kubernetes', () => {
  const pod = { pod: 'orders-1', namespace: 'shop', healthy: true, isMisnamed: false };

  it('an instance without a lane in its metadata has its pod’s, and goes when its pod terminates', async () => {
    const pods = new Map([
      ['10.0.0.1', { ...pod, lane: 'gray', zone: 'z1' }],
      ['10.0.0.3', { ...pod, healthy: false, dropReason: 'terminating' as const }],
    ]);
    const world = await started({ pods });
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 gray ok', '10.0.0.2 gray ok']);
    expect(world.endpoints('default/stock')).toEqual(['10.0.0.3 base terminating']);
    expect(world.catalog.service('default/orders')?.value.endpoints[0]).toMatchObject({
      pod: 'orders-1',
      zone: 'z1',
    });
  });
});

it('shows what registries have against instances, each with its service, and logs it once', async () => {
  const world = await started({}, (client) => {
    client.set('orders', instance('10.0.0.1', { lane: 'Gray_1' }), instance('10.0.0.2', { weight: -1 }));
    client.setList(
      'many',
      listOf(...Array.from({ length: 9 }, (_, n) => instance(`10.1.0.${n}`, { weight: -1 }))),
    );
  });
  expect(world.endpoints('default/orders')).toEqual([
    '10.0.0.1 base invalid-lane',
    '10.0.0.2 base invalid-weight',
  ]);
  expect(world.source.findings()).toHaveLength(2 + 4);
  expect(world.source.findings().at(-1)).toContain('service default/many: and 6 more like these');
  world.want('ip:10.0.0.1', 'ip:10.1.0.1');
  world.client().set('orders', instance('10.0.0.1', { lane: 'Gray_1' }));
  await settle();
  expect(world.lines.filter(({ event }) => event === 'instance_not_usable')).toHaveLength(3);
});

it('counts for each namespace', async () => {
  const world = await started();
  world.want('ip:10.0.0.1');
  await settle();
  const exposed = world.metrics.expose();
  const of = '{registry="nacos",namespace="public"}';
  for (const line of [
    `lanekeeper_nacos_connected${of} 1`,
    `lanekeeper_nacos_services${of} 2`,
    `lanekeeper_nacos_instances${of} 3`,
    `lanekeeper_nacos_followed_services${of} 1`,
    `lanekeeper_nacos_sweeps_total{registry="nacos",namespace="public",why="first",result="done"} 1`,
  ]) {
    expect(exposed).toContain(line);
  }
});

it('is silent once it is closed', async () => {
  const world = await started();
  world.want('ip:10.0.0.1');
  world.source.close();
  expect(world.client().isClosed).toBe(true);
  world.client().asked = [];
  world.client().set('orders');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(world.endpoints('default/orders')).toHaveLength(2);
  expect(world.client().asked).toEqual([]);
});
