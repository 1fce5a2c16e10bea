import { status } from '@grpc/grpc-js';
import { MAX_GATEWAY_INTERESTS, MAX_INTERESTS, MAX_UPDATE_BYTES } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PodFacts } from '../catalog/source-service.ts';
import { startDiscovery, type DiscoveryFixture, type FixtureOptions } from '../testing/discovery-fixture.ts';
import type { DiscoveryClient } from '../testing/discovery-client.ts';
import { makeService, TestMesh } from '../testing/test-mesh.ts';
import type { Authenticator, Caller } from './caller.ts';
import { reportStreams } from './stream-report.ts';

const CALLER: Caller = {
  ...{ pod: 'gateway-1', namespace: 'edge', podUid: undefined },
  expiresAtMs: Number.POSITIVE_INFINITY,
};
const GATEWAY = { pod: 'gateway-1', namespace: 'edge', app: '', role: 'gateway' } as const;

let open: DiscoveryFixture[] = [];

afterEach(() => {
  for (const fixture of open) fixture.close();
  open = [];
});

/** `what` stands in it somewhere. */
function edgeOf(what: string): EdgeConfig {
  return { listeners: [], certificates: { [what]: { certificate: 'pem', key: 'pem' } } };
}

async function start(options: FixtureOptions = {}): Promise<DiscoveryFixture> {
  const fixture = await startDiscovery(options);
  open.push(fixture);
  return fixture;
}

/** A gateway that has said hello, its first update acknowledged. */
async function joinGateway({ connect }: DiscoveryFixture): Promise<DiscoveryClient> {
  const client = connect();
  client.hello(GATEWAY);
  await client.take();
  return client;
}

describe('what gateways serve', () => {
  it('is told to a gateway whole, and again when it changes', async () => {
    const fixture = await start();
    fixture.mesh.putEdge(edgeOf('first'));
    const client = fixture.connect();
    client.hello(GATEWAY);
    const { version, value } = fixture.mesh.catalog.edge();
    expect((await client.take()).edge).toEqual({ version, value });
    fixture.mesh.putEdge(edgeOf('second'));
    const update = await client.take();
    expect(update.edge?.value).toEqual(edgeOf('second'));
    expect(update.mesh).toBeUndefined();
  });

  it('is told to nobody else', async () => {
    const fixture = await start();
    fixture.mesh.putEdge(edgeOf('first'));
    const client = fixture.connect();
    client.hello();
    expect(await client.take()).not.toHaveProperty('edge');
    fixture.mesh.putEdge(edgeOf('second'));
    // Whatever the first change had brought would have come before this.
    fixture.mesh.putMesh({ groups: [] });
    client.want('host:nowhere');
    await client.take();
    expect(client.updates.some((update) => 'edge' in update)).toBe(false);
  });

  it('is not sent again to a gateway that holds it', async () => {
    const fixture = await start();
    fixture.mesh.putEdge(edgeOf('first'));
    const client = fixture.connect();
    client.hello(GATEWAY, { services: {}, edge: fixture.mesh.catalog.edge().version });
    expect(await client.take()).not.toHaveProperty('edge');
  });

  it('is not taken from a gateway by a replica that does not know everything yet', async () => {
    const fixture = await start();
    fixture.mesh.catalog.expectMore();
    const client = fixture.connect();
    client.hello(GATEWAY, { services: {}, edge: 'of before' });
    expect(await client.take()).not.toHaveProperty('edge');
  });

  it('holds up no service where the gateway refuses it, and comes again once it is another', async () => {
    const fixture = await start();
    const client = await joinGateway(fixture);
    client.want('host:b.shop');
    await client.take();
    fixture.mesh.putEdge(edgeOf('bad'));
    fixture.mesh.put(makeService('b', ['10.0.0.1']));
    client.nack(await client.next(), 'edge');
    const alone = await client.next();
    expect(alone.edge?.value).toEqual(edgeOf('bad'));
    client.nack(alone, 'edge');
    const service = await client.take();
    expect(service.services.map(({ id }) => id)).toEqual(['shop/b']);
    await vi.waitFor(() => {
      const [rejection] = reportStreams(fixture.publisher.streams(), Date.now()).rejected;
      expect(rejection?.parts).toEqual(['edge']);
    });
    fixture.mesh.putEdge(edgeOf('good'));
    expect((await client.take()).edge?.value).toEqual(edgeOf('good'));
  });

  it('stays as it is where it is too large to send, and the status says what to do', async () => {
    const fixture = await start();
    const client = await joinGateway(fixture);
    fixture.mesh.putEdge(edgeOf('x'.repeat(MAX_UPDATE_BYTES)));
    await vi.waitFor(() => {
      const [rejection] = reportStreams(fixture.publisher.streams(), Date.now()).rejected;
      expect(rejection?.parts).toEqual(['edge']);
      expect(rejection?.problems[0]).toContain(`at most ${MAX_UPDATE_BYTES} bytes, edge has`);
      expect(rejection?.problems[0]).toContain('one for *.example.com instead of many');
    });
    fixture.mesh.putEdge(edgeOf('small'));
    expect((await client.take()).edge?.value).toEqual(edgeOf('small'));
  });

  it('may name more services than a sidecar calls', async () => {
    const fixture = await start();
    const keys = Array.from({ length: MAX_INTERESTS + 1 }, (_, index) => `host:s${index}.shop` as const);
    const gateway = await joinGateway(fixture);
    gateway.want(...keys);
    expect((await gateway.take()).answered).toHaveLength(keys.length);
    const more = Array.from({ length: MAX_GATEWAY_INTERESTS }, (_, index) => `host:t${index}.shop` as const);
    gateway.want(...more);
    expect(await gateway.status).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining(`at most ${MAX_GATEWAY_INTERESTS} keys`),
    });
  });

  it('may name services that are kept to their namespaces', async () => {
    const fixture = await start();
    fixture.mesh.put(makeService('b', ['10.0.0.1']), new Set(['shop']));
    const gateway = await joinGateway(fixture);
    gateway.want('host:b.shop');
    expect((await gateway.take()).services.map(({ id }) => id)).toEqual(['shop/b']);
    const sidecar = fixture.connect();
    sidecar.hello({ namespace: 'edge' });
    await sidecar.take();
    sidecar.want('host:b.shop');
    expect((await sidecar.take()).services).toEqual([]);
  });
});

describe('who says that it is a gateway', () => {
  const as = (caller: Caller | undefined): Authenticator => ({ authenticate: () => Promise.resolve(caller) });

  it('is believed with a token of one, and where nobody is asked for a token', async () => {
    for (const caller of [{ ...CALLER, isGateway: true }, undefined]) {
      const fixture = await start({ authenticator: as(caller) });
      const client = fixture.connect({ token: 'any' });
      client.hello(GATEWAY);
      expect((await client.take()).edge?.value).toEqual({ listeners: [], certificates: {} });
    }
  });

  it('is served as a sidecar is with any other token: without an edge, and without what is not exported to it', async () => {
    const fixture = await start({ authenticator: as(CALLER) });
    fixture.mesh.putEdge(edgeOf('secret'));
    fixture.mesh.put(makeService('b'), new Set(['elsewhere']));
    const client = fixture.connect({ token: 'any' });
    client.hello(GATEWAY);
    const first = await client.take();
    expect(first.mesh).toBeDefined();
    expect(first.edge).toBeUndefined();
    client.want('host:b.shop');
    expect(await client.take()).toMatchObject({ services: [], answered: ['host:b.shop'] });
    fixture.mesh.putEdge(edgeOf('another'));
    client.want('host:c.shop');
    expect((await client.take()).edge).toBeUndefined();
  });
});

describe('the lane of a sidecar’s own pod', () => {
  function meshWithPods(): { readonly mesh: TestMesh; putLane(lane: string | undefined): void } {
    let pod: PodFacts | undefined;
    const mesh = new TestMesh({ podAt: (address) => (address === '10.0.0.9' ? pod : undefined) });
    return {
      mesh,
      putLane(lane) {
        const facts = { pod: 'a-1', namespace: 'shop', healthy: true, isMisnamed: false };
        pod = lane === undefined ? facts : { ...facts, lane };
        const at = new Set(['10.0.0.9']);
        mesh.catalog.apply({ source: 'kubernetes', put: [], removed: [], addresses: at, relaned: at });
      },
    };
  }

  it('is told where the cluster has it otherwise than the environment, and when it changes', async () => {
    const { mesh, putLane } = meshWithPods();
    putLane('gray');
    const { connect } = await start({ mesh });
    const client = connect();
    client.hello({ address: '10.0.0.9' });
    expect((await client.take()).lane).toBe('gray');
    putLane('blue');
    expect((await client.take()).lane).toBe('blue');
    putLane(undefined);
    expect((await client.take()).lane).toBe('base');
  });

  it('is not told to who knows it, nor where the cluster knows no such pod', async () => {
    const { mesh, putLane } = meshWithPods();
    putLane('gray');
    const { connect } = await start({ mesh });
    const [knowing, stranger] = [connect(), connect()];
    knowing.hello({ address: '10.0.0.9', lane: 'gray' });
    stranger.hello({ pod: 'b-1', address: '10.0.0.8' });
    expect(await knowing.take()).not.toHaveProperty('lane');
    expect(await stranger.take()).not.toHaveProperty('lane');
  });
});
