import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { status } from '@grpc/grpc-js';
import { DISCOVERY_METHOD, MAX_INTERESTS, type InterestKey } from '@lanekeeper/protocol/discovery';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDiscovery, type DiscoveryFixture, type FixtureOptions } from '../testing/discovery-fixture.ts';
import { NODE, type DiscoveryClient } from '../testing/discovery-client.ts';
import { makeEndpoint, makeService, TestMesh } from '../testing/test-mesh.ts';
import type { SaidBy } from './presence.ts';
import { reportStreams } from './stream-report.ts';

let open: DiscoveryFixture[] = [];

async function start(options?: FixtureOptions): Promise<DiscoveryFixture> {
  const fixture = await startDiscovery(options);
  open.push(fixture);
  return fixture;
}

/** A client that has said hello, asked for `keys` and acknowledged the answer. */
async function join({ connect }: DiscoveryFixture, ...keys: InterestKey[]): Promise<DiscoveryClient> {
  const client = connect();
  client.hello();
  await client.take();
  if (keys.length > 0) {
    client.want(...keys);
    await client.take();
  }
  return client;
}

const ids = ({ services }: { readonly services: readonly { readonly id: string }[] }): string[] =>
  services.map(({ id }) => id);

afterEach(() => {
  for (const fixture of open) fixture.close();
  open = [];
});

describe('on demand', () => {
  it('answers a hello with the mesh part and no service', async () => {
    const { mesh, connect } = await start();
    mesh.put(makeService('b', ['10.0.0.1']));
    const client = connect();
    client.hello();
    const update = await client.take();
    const { version, value } = mesh.catalog.mesh();
    expect(update.mesh).toEqual({ version, value });
    expect(update.services).toEqual([]);
  });

  it('sends the services that the interests mean, and says which keys it has answered', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    fixture.mesh.put(makeService('c', ['10.0.0.2']));
    const client = await join(fixture);
    client.want('host:b', 'ip:10.0.0.2', 'host:nowhere.example');
    const update = await client.take();
    expect(ids(update)).toEqual(['shop/b', 'shop/c']);
    expect(update.services[0]?.value).toMatchObject(makeService('b', ['10.0.0.1']));
    expect(update.answered).toEqual(['host:b', 'ip:10.0.0.2', 'host:nowhere.example']);
  });

  it('sends a service that comes into being later', async () => {
    const fixture = await start();
    const client = await join(fixture, 'host:b');
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    expect(ids(await client.take())).toEqual(['shop/b']);
  });

  it('takes away what is no longer asked for, unless another key means it', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    fixture.mesh.put(makeService('c', ['10.0.0.2']));
    const client = await join(fixture, 'host:b', 'ip:10.0.0.1', 'host:c');
    client.drop('host:b', 'host:c');
    const update = await client.take();
    expect(update.removed).toEqual(['shop/c']);
  });

  it('takes away a service that is gone', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    const client = await join(fixture, 'host:b');
    fixture.mesh.remove('shop/b');
    expect((await client.take()).removed).toEqual(['shop/b']);
  });

  it('hides what is not exported to the namespace of the sidecar', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']), new Set(['other']));
    const client = await join(fixture);
    client.want('host:b');
    expect(await client.take()).toMatchObject({ services: [], answered: ['host:b'] });
  });

  it('tells a sidecar the zone of its pod', async () => {
    const { mesh, connect } = await start();
    mesh.put({ ...makeService('a'), endpoints: [makeEndpoint('10.0.0.9', 'zone-1')] });
    const client = connect();
    client.hello({ address: '10.0.0.9' });
    expect((await client.take()).zone).toBe('zone-1');
  });

  it('answers a key whatever stands in it', async () => {
    const client = await join(await start());
    client.want('host: \u0000"', 'ip:no address');
    expect((await client.take()).answered).toEqual(['host: \u0000"', 'ip:no address']);
  });

  it('refuses more keys than the contract allows', async () => {
    const client = await join(await start());
    const keys = Array.from(
      { length: MAX_INTERESTS + 1 },
      (_, index): InterestKey => `host:h${index}.example`,
    );
    client.want(...keys);
    expect(await client.status).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });
});

describe('changes', () => {
  it('touch only the sidecars that they concern', async () => {
    const fixture = await start();
    for (const name of ['b', 'c']) fixture.mesh.put(makeService(name, ['10.0.0.1']));
    const [callsB, callsC] = [await join(fixture, 'host:b'), await join(fixture, 'host:c')];
    const before = fixture.metrics.updates.value;
    fixture.mesh.put(makeService('b', ['10.0.0.2']));
    expect(ids(await callsB.take())).toEqual(['shop/b']);
    fixture.mesh.put(makeService('c', ['10.0.0.3']));
    expect((await callsC.take()).services[0]?.value.endpoints[0]?.address).toBe('10.0.0.3');
    expect(fixture.metrics.updates.value - before).toBe(2);
  });

  it('of the mesh part reach every sidecar', async () => {
    const fixture = await start();
    const clients = [await join(fixture), await join(fixture)];
    fixture.mesh.put({ ...makeService('b'), endpoints: [{ ...makeEndpoint('10.0.0.1'), lane: 'gray' }] });
    for (const client of clients) {
      expect((await client.take()).mesh?.value.lanes.map(({ name }) => name)).toEqual(['gray']);
    }
  });

  it('that come while an update is under way go out together once it is answered', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    const client = await join(fixture, 'host:b');
    fixture.mesh.put(makeService('b', ['10.0.1.0']));
    const underWay = await client.next();
    const { changes } = fixture.metrics;
    for (let round = 1; round <= 20; round++) {
      const before = changes.value;
      fixture.mesh.put(makeService('b', [`10.0.1.${round}`]));
      await vi.waitFor(() => expect(changes.value).toBe(before + 1), { interval: 1 });
    }
    expect(client.updates).toHaveLength(3);
    client.ack(underWay);
    const next = await client.take();
    expect(next.services[0]?.value.endpoints.map(({ address }) => address)).toEqual(['10.0.1.20']);
  });

  it('of a storm are told at once', async () => {
    const fixture = await start({ limits: { quietMs: 50, maxQuietMs: 1_000 } });
    const client = await join(fixture, 'host:b');
    for (let round = 0; round < 100; round++) fixture.mesh.put(makeService('b', [`10.0.0.${round}`]));
    expect((await client.take()).services[0]?.value.endpoints[0]?.address).toBe('10.0.0.99');
  });

  it('that say nothing new are not told', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    const client = await join(fixture, 'host:b');
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    fixture.mesh.put(makeService('c'));
    client.want('host:c');
    expect(ids(await client.take())).toEqual(['shop/c']);
  });

  it('too large for one update come in several, and the keys are answered with the last', async () => {
    const fixture = await start();
    const names = ['b', 'c', 'd'];
    const addresses = Array.from({ length: 1_500 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    for (const name of names) fixture.mesh.put(makeService(name, addresses));
    const client = await join(fixture);
    client.want('host:b', 'host:c', 'host:d');
    const updates = [await client.take(), await client.take(), await client.take()];
    expect(updates.map(ids)).toEqual([['shop/b'], ['shop/c'], ['shop/d']]);
    expect(updates.map(({ answered }) => answered.length)).toEqual([0, 0, 3]);
  });
});

describe('a sidecar that refuses an update', () => {
  it('is counted and shown, and is not sent the same again', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    const client = await join(fixture);
    client.want('host:b');
    client.nack(await client.next());
    // The key means nothing that it could use: it need not wait any longer.
    expect(await client.take()).toMatchObject({ services: [], answered: ['host:b'] });
    expect(fixture.metrics.rejected.value).toBe(1);
    expect(fixture.log.events.find(({ event }) => event === 'update_rejected')?.fields).toMatchObject({
      pod: 'a-1',
      parts: ['shop/b'],
      problems: [{ path: 'services[0]', message: 'cannot be used' }],
    });
    expect(reportStreams(fixture.publisher.streams(), Date.now()).rejected).toMatchObject([
      { pod: 'shop/a-1', parts: ['shop/b'], problems: ['services[0]: cannot be used'] },
    ]);
    client.want('host:elsewhere');
    expect(await client.take()).toMatchObject({ services: [], answered: ['host:elsewhere'] });
  });

  it('is sent the service again when its content has changed', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    const client = await join(fixture);
    client.want('host:b');
    client.nack(await client.next());
    await client.take();
    fixture.mesh.put(makeService('b', ['10.0.0.2']));
    expect(ids(await client.take())).toEqual(['shop/b']);
    await vi.waitFor(() =>
      expect(reportStreams(fixture.publisher.streams(), Date.now())).toMatchObject({
        inStep: 1,
        rejected: [],
      }),
    );
  });

  it('gets the other parts one by one, and the keys answered after them', async () => {
    const fixture = await start();
    for (const name of ['b', 'c', 'd']) fixture.mesh.put(makeService(name, ['10.0.0.1']));
    const client = await join(fixture);
    client.want('host:b', 'host:c', 'host:d');
    client.nack(await client.next());
    expect(ids(await client.take())).toEqual(['shop/b']);
    const culprit = await client.next();
    expect(ids(culprit)).toEqual(['shop/c']);
    client.nack(culprit);
    expect(ids(await client.take())).toEqual(['shop/d']);
    expect(await client.take()).toMatchObject({ services: [], answered: ['host:b', 'host:c', 'host:d'] });
  });
});

describe('a sidecar that comes back', () => {
  it('is told only what differs from what it holds', async () => {
    const fixture = await start();
    for (const name of ['b', 'c', 'd']) fixture.mesh.put(makeService(name, ['10.0.0.1']));
    const { catalog } = fixture.mesh;
    const versionOf = (id: string): string => catalog.service(id)?.version ?? '';
    const client = fixture.connect();
    const services = { 'shop/b': versionOf('shop/b'), 'shop/c': 'older', 'shop/gone': 'x' };
    client.hello({}, { mesh: catalog.mesh().version, services });
    const first = await client.take();
    expect(first).toMatchObject({ services: [], removed: [], answered: [] });
    expect(first.mesh).toBeUndefined();
    client.want('host:b', 'host:c', 'host:d');
    const update = await client.take();
    expect(ids(update)).toEqual(['shop/c', 'shop/d']);
    expect(update.removed).toEqual(['shop/gone']);
  });

  it('finds the same versions at another replica', async () => {
    const [one, other] = [await start({ mesh: new TestMesh() }), await start({ mesh: new TestMesh() })];
    for (const { mesh } of [one, other]) mesh.put(makeService('b', ['10.0.0.1', '10.0.0.2']));
    const client = await join(one);
    client.want('host:b');
    const { services } = await client.take();
    const held = Object.fromEntries(services.map(({ id, version }) => [id, version]));
    const again = other.connect();
    again.hello({}, { mesh: one.mesh.catalog.mesh().version, services: held });
    again.want('host:b');
    const updates = [await again.take()];
    if (updates[0]?.answered.length === 0) updates.push(await again.take());
    expect(updates.flatMap(ids)).toEqual([]);
    expect(updates.flatMap(({ removed }) => removed)).toEqual([]);
  });
});

describe('a stream', () => {
  it('is ended when an update is not answered in time', async () => {
    const fixture = await start({ limits: { answerMs: 20 } });
    const client = fixture.connect();
    client.hello();
    await client.next();
    expect(await client.status).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('slow_consumer'),
    });
    expect([...fixture.publisher.streams()]).toEqual([]);
  });

  it('is cut with its connection when the sidecar reads nothing', async () => {
    const fixture = await start({ limits: { answerMs: 20 } });
    // More than the window of a stream that nobody reads.
    fixture.mesh.putMesh({
      settings: { ...fixture.mesh.catalog.mesh().value.settings, traceHeaders: ['x'.repeat(200_000)] },
    });
    const connection = connectHttp2(`http://127.0.0.1:${fixture.port}`);
    const stream = connection.request({
      ':method': 'POST',
      ':path': DISCOVERY_METHOD,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => undefined);
    const hello = Buffer.from(JSON.stringify({ kind: 'hello', node: NODE, holds: { services: {} } }));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(hello.length, 1);
    stream.write(Buffer.concat([prefix, hello]));
    await vi.waitFor(() => expect(fixture.metrics.bufferedBytes.value).toBeGreaterThan(0));
    await once(connection, 'close');
    await vi.waitFor(() => expect(fixture.metrics.bufferedBytes.value).toBe(0));
  });

  it('is ended when no hello comes', async () => {
    const { connect } = await start({ limits: { helloMs: 20 } });
    expect(await connect().status).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('hello_overdue'),
    });
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['no object', Buffer.from('[]')],
    ['an unknown kind', Buffer.from('{"kind":"goodbye"}')],
    ['a hello without a node', Buffer.from('{"kind":"hello","holds":{"services":{}}}')],
    ['an interest before the hello', Buffer.from('{"kind":"interest","add":[],"remove":[]}')],
  ])('is ended for a message that is %s', async (_, bytes) => {
    const { connect } = await start();
    const client = connect();
    client.send(bytes);
    expect((await client.status).code).toBe(status.INVALID_ARGUMENT);
  });

  it.each([
    ['an interest without lists', '{"kind":"interest"}'],
    ['a key of no kind', '{"kind":"interest","add":["b"],"remove":[]}'],
    ['a nack without problems', '{"kind":"nack","nonce":"1"}'],
    [
      'a second hello',
      '{"kind":"hello","node":{"pod":"","namespace":"","app":"","lane":"","version":""},"holds":{"services":{}}}',
    ],
  ])('is ended for %s', async (_, text) => {
    const client = await join(await start());
    client.send(Buffer.from(text));
    expect((await client.status).code).toBe(status.INVALID_ARGUMENT);
  });

  it('is ended for a message above the bound', async () => {
    const client = await join(await start());
    client.send(Buffer.alloc(3 * 1024 * 1024, ' '));
    expect((await client.status).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('goes on after an answer to an update that is not under way', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b'));
    const client = await join(fixture);
    client.send({ kind: 'ack', nonce: '77' });
    client.send({ kind: 'nack', nonce: '77', problems: [] });
    client.want('host:b');
    expect(ids(await client.take())).toEqual(['shop/b']);
    expect(fixture.metrics.rejected.value).toBe(0);
  });

  it('is sent back when it has reached its age', async () => {
    const { connect } = await start({ limits: { ageMs: 20, minAgeMs: 0 } });
    const client = connect();
    expect(await client.status).toMatchObject({ code: status.OK });
  });

  it('beyond what a replica serves is sent to another one', async () => {
    const fixture = await start({ limits: { maxStreams: 1 } });
    await join(fixture);
    expect(await fixture.connect().status).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('leaves nothing behind', async () => {
    const fixture = await start();
    const client = await join(fixture, 'host:b', 'host:c');
    expect(fixture.metrics.interests.value).toBeGreaterThan(0);
    await vi.waitFor(() => expect(fixture.metrics.waiting.value).toBe(0));
    client.close();
    await vi.waitFor(() => expect(fixture.metrics.streams.value).toBe(0));
    expect(fixture.metrics.interests.value).toBe(0);
  });

  it('of a connection that never brings one is not waited for', async () => {
    const { port } = await start({ connections: { firstStreamMs: 20 } });
    const socket = connectTcp(port, '127.0.0.1').resume();
    await once(socket, 'close');
  });
});

describe('a connection', () => {
  it('is closed when its only stream was refused and no other one comes', async () => {
    const { port } = await start({ connections: { idleMs: 50 } });
    const connection = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = connection.request({
      ':method': 'POST',
      ':path': DISCOVERY_METHOD,
      'content-type': 'application/grpc',
    });
    stream.resume().end();
    await once(stream, 'close');
    await once(connection, 'close');
  });
});

describe('a drain', () => {
  it('sends every sidecar to another replica and takes no new one', async () => {
    const fixture = await start();
    const clients = [await join(fixture), await join(fixture)];
    fixture.server.refuseNew();
    await fixture.publisher.drain(0);
    for (const client of clients) expect(await client.status).toMatchObject({ code: status.OK });
    expect(await fixture.connect().status).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('a workload that is about to go', () => {
  it('is heard of with its sidecar’s word, and with the hello of a sidecar that has said so before', async () => {
    const heard: string[] = [];
    const tell =
      (what: string) =>
      ({ node, peer }: SaidBy): void =>
        void heard.push(`${what} ${node.pod} ${peer.replace(/[0-9]+$/, 'port')}`);
    const { connect } = await start({ presence: { draining: tell('draining'), serving: tell('serving') } });
    const client = connect();
    client.hello();
    await client.take();
    client.send({ kind: 'draining' });
    client.want('host:b');
    await client.take();
    const back = connect();
    back.send({ kind: 'hello', node: { ...NODE, pod: 'a-2' }, holds: { services: {} }, draining: true });
    await back.take();
    expect(heard).toEqual([
      'serving a-1 127.0.0.1:port',
      'draining a-1 127.0.0.1:port',
      'draining a-2 127.0.0.1:port',
    ]);
  });

  it('is nobody’s concern before its hello', async () => {
    const { connect } = await start();
    const client = connect();
    client.send({ kind: 'draining' });
    expect(await client.status).toMatchObject({ details: expect.stringContaining('hello_expected') });
  });
});
