import type { InterestKey } from '@lanekeeper/protocol/discovery';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { expect, onTestFinished, test } from 'vitest';
import { Interests } from './discovery/interests.ts';
import type { Connection } from './listen/connection.ts';
import { createOnDemand, keyOf } from './on-demand.ts';
import { compileSnapshot } from './route/compile-snapshot.ts';
import { endpoint, mesh, request, service } from './route/mesh.fixture.ts';

const NOBODY = { address: '10.1.0.1', port: 4000 };

function world(...services: readonly ServiceConfig[]) {
  const interests = new Interests({ waitMs: 60_000, own: [], returnMs: 5 });
  onTestFinished(() => interests.close());
  const asked: InterestKey[] = [];
  interests.connected(({ add }) => void asked.push(...add));
  let config = mesh({ services });
  let snapshot = compileSnapshot(config, { generation: '1', namespace: 'default' });
  const onDemand = createOnDemand({ interests, snapshot: () => snapshot });
  onDemand.learn(config);
  const to = (address?: string, port = 80): Connection => ({
    ...{ direction: 'outbound', peer: NOBODY, local: NOBODY },
    destination: address === undefined ? undefined : { address, port },
  });
  return {
    onDemand,
    interests,
    asked,
    connect: (address: string) => onDemand.beforeConnection(to(address)),
    send: (authority: string, address?: string) => onDemand.beforeRequest(request(authority), to(address)),
    doubt: (address: string, authority = '') => onDemand.doubt(to(address), authority),
    learn(...more: readonly ServiceConfig[]) {
      config = mesh({ services: more });
      snapshot = compileSnapshot(config, { generation: '2', namespace: 'default' });
      onDemand.learn(config);
    },
  };
}

const B = service('b', { addresses: ['10.96.0.2'], endpoints: [endpoint('10.0.0.2')] });

test('an unknown address is asked for and waited for, once', async () => {
  const { connect, interests, asked } = world();
  const wait = connect('10.96.0.2');
  expect(wait).toBeInstanceOf(Promise);
  await Promise.resolve();
  expect(asked).toEqual(['ip:10.96.0.2']);
  interests.answered(['ip:10.96.0.2']);
  await wait;
  expect(connect('10.96.0.2')).toBeUndefined();
});

test('a service whose instances are called by address is asked for by name too, and used whenever they are', async () => {
  const orders = (...addresses: readonly string[]) =>
    service('ORDERS@@订单', { endpoints: addresses.map((address) => endpoint(address)) });
  const { connect, interests, asked, learn } = world();
  void connect('10.0.0.2');
  await Promise.resolve();
  learn(orders('10.0.0.2', '10.0.0.3'));
  interests.answered(['ip:10.0.0.2']);
  await Promise.resolve();
  expect(asked).toEqual(['ip:10.0.0.2', 'host:orders@@订单.default']);
  interests.answered(['host:orders@@订单.default']);
  for (let period = 0; period < 200; period += 1) {
    interests.book.tick();
    void connect('10.0.0.2');
  }
  expect([...interests.book.values()].map(({ key }) => key)).toEqual([
    'ip:10.0.0.2',
    'host:orders@@订单.default',
  ]);
  // The instance goes, the service stays.
  learn(orders('10.0.0.3'));
  expect(interests.book.get('host:orders@@订单.default')).toBeDefined();
  for (let period = 0; period < 200; period += 1) interests.book.tick();
  expect(interests.book.size).toBe(0);
});

test('a service with a name that no key can hold is known by address alone', () => {
  const { connect, interests, learn } = world();
  void connect('10.0.0.2');
  learn(service('x'.repeat(250), { namespace: 'y'.repeat(100), endpoints: [endpoint('10.0.0.2')] }));
  expect(interests.book.size).toBe(1);
});

test('an address that means nothing to the mesh is waited for once as well', async () => {
  const { connect, interests, send } = world();
  const wait = connect('192.0.2.1');
  interests.answered(['ip:192.0.2.1']);
  await wait;
  expect(connect('192.0.2.1')).toBeUndefined();
  expect(send('example.com', '192.0.2.1')).toBeInstanceOf(Promise);
  interests.answered(['host:example.com']);
  expect(send('example.com', '192.0.2.1')).toBeUndefined();
});

test('a virtual address or a name that is known is not waited for, but asked for so that it is kept', async () => {
  const { connect, send, asked } = world(B);
  expect(connect('10.96.0.2')).toBeUndefined();
  expect(send('b.default:80')).toBeUndefined();
  await Promise.resolve();
  expect(asked).toEqual(['ip:10.96.0.2', 'host:b.default']);
});

test("a pod's address may be of further services, so it is waited for though one is known", () => {
  expect(world(B).connect('10.0.0.2')).toBeInstanceOf(Promise);
});

test('where the address tells the service, the authority is not asked for', async () => {
  const { connect, send, asked } = world(B);
  void connect('10.96.0.2');
  expect(send('whatever.example.com', '10.96.0.2')).toBeUndefined();
  await Promise.resolve();
  expect(asked).toEqual(['ip:10.96.0.2']);
});

test('without an address the authority is asked for, whatever its port and spelling', async () => {
  const { send, interests, asked } = world();
  const wait = send('b.shop:8080');
  expect(send('b.shop.')).toBe(wait);
  await Promise.resolve();
  expect(asked).toEqual(['host:b.shop']);
  interests.answered(['host:b.shop']);
  expect(send('b.shop:9090')).toBeUndefined();
});

test('the target of a CONNECT is asked for by its name', async () => {
  const { connect, asked } = world();
  void connect('b.shop');
  await Promise.resolve();
  expect(asked).toEqual(['host:b.shop']);
});

test('an address that joins the mesh later tells its service from then on', () => {
  const { connect, send, interests, learn } = world();
  void connect('10.96.0.2');
  interests.answered(['ip:10.96.0.2']);
  expect(send('x.example.com', '10.96.0.2')).toBeInstanceOf(Promise);
  learn(B);
  expect(send('y.example.com', '10.96.0.2')).toBeUndefined();
});

test('nothing is waited for while the control plane stays away, and the doubt is told', async () => {
  const { connect, interests, doubt } = world();
  interests.disconnected();
  await connect('10.96.0.1');
  expect(interests.waits.lost).toBe(1);
  expect(connect('10.96.0.2')).toBeUndefined();
  expect(doubt('10.96.0.2')).toBe('the control plane is away and was never asked what 10.96.0.2 is');
  interests.connected(() => undefined);
  expect(doubt('10.96.0.2')).toBe('the control plane has not answered yet what 10.96.0.2 is');
  expect(doubt('10.96.0.2', 'c:80')).toContain('not answered');
  interests.answered(['ip:10.96.0.2']);
  expect(doubt('10.96.0.2', 'c:80')).toBe(
    'nobody has called it yet, so the control plane was not asked what c is',
  );
  interests.answered(['ip:10.96.0.2']);
  expect(doubt('10.96.0.2')).toBeUndefined();
});

test('connections that arrive are not asked about', () => {
  const { onDemand, interests } = world();
  const arriving: Connection = {
    ...{ direction: 'inbound', peer: NOBODY, local: NOBODY },
    destination: { address: '10.0.0.9', port: 8080 },
  };
  expect(onDemand.beforeConnection(arriving)).toBeUndefined();
  expect(interests.book.size).toBe(0);
});

test("a gateway's request waits for the services of its routes and then never again", async () => {
  const { onDemand, interests } = world();
  expect(onDemand.beforeRoute()).toBeUndefined();
  interests.keep(['host:b.shop']);
  const wait = onDemand.beforeRoute();
  expect(wait).toBeInstanceOf(Promise);
  interests.answered(['host:b.shop']);
  await wait;
  expect(onDemand.beforeRoute()).toBeUndefined();
});

test.each([
  ['b.Shop', 'host:b.shop'],
  ['10.0.0.1', 'ip:10.0.0.1'],
  ['::ffff:10.0.0.1', 'ip:10.0.0.1'],
  ['FD00:0::1', 'ip:fd00::1'],
  ['localhost', undefined],
  ['127.0.0.1', undefined],
  ['', undefined],
  ['no host', undefined],
  ['a'.repeat(300), undefined],
])('%s is asked for as %s', (host, key) => {
  expect(keyOf(host, false)).toBe(key);
});

test.each([
  ['127.0.2.1', 'ip:127.0.2.1'],
  ['::1', 'ip:::1'],
  ['localhost', undefined],
])('beside a workload on loopback %s is asked for as %s', (host, key) => {
  expect(keyOf(host, true)).toBe(key);
});
