import type { Update } from '@lanekeeper/protocol/discovery';
import type { LaneConfig, LaneGroupConfig, MatchRule } from '@lanekeeper/protocol/model';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDiscovery, type DiscoveryFixture } from '../testing/discovery-fixture.ts';
import type { DiscoveryClient } from '../testing/discovery-client.ts';
import { makeService } from '../testing/test-mesh.ts';
import { createBarrier, type Barrier } from './barrier.ts';
import { SharedMemory } from './shared-memory.fixture.ts';

const GROUP: LaneGroupConfig = {
  name: 'demo',
  services: [
    { name: 'a', namespace: 'shop' },
    { name: 'b', namespace: 'shop' },
  ],
  mode: 'permissive',
  evidence: { trace: true, inFlight: true, bridge: [] },
};
const GRAY = { group: 'demo', name: 'gray' };
const RULE: MatchRule = { hosts: ['gray.example.com'] };

function lane(...match: readonly MatchRule[]): LaneConfig {
  return { ...GRAY, fallback: ['base'], serviceFallback: {}, match, entries: [], priority: 0 };
}

let ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends = [];
});

interface Setup {
  readonly timeoutMs?: number;
  readonly memory?: SharedMemory;
  readonly replica?: string;
}

interface Started extends DiscoveryFixture {
  readonly barrier: Barrier;
  readonly laneLog: ReturnType<typeof createRecordingLog>;
  putLane(config: LaneConfig): void;
}

/** A replica with services a, b and z, of which z is in no group, and a lane `gray` as `first` says. */
async function start(
  { timeoutMs = 60_000, memory, replica = 'cp-1' }: Setup = {},
  first?: LaneConfig,
): Promise<Started> {
  const barriers: Barrier[] = [];
  const laneLog = createRecordingLog();
  const fixture = await startDiscovery({
    limits: { quietMs: 1 },
    barrier(catalog) {
      const sharing = memory === undefined ? {} : { sharing: memory.sharingOf(replica) };
      const made = createBarrier({
        catalog,
        timeoutMs,
        log: laneLog,
        now: () => performance.now(),
        ...sharing,
      });
      barriers.push(made);
      return made;
    },
  });
  const [barrier] = barriers;
  if (barrier === undefined) throw new Error('the fixture made no barrier');
  ends.push(
    () => barrier.close(),
    () => fixture.close(),
  );
  const put = (...lanes: readonly LaneConfig[]): void => fixture.mesh.putMesh({ groups: [GROUP], lanes });
  for (const name of ['a', 'b', 'z']) fixture.mesh.put(makeService(name, [addressOf(name)]));
  put(...(first === undefined ? [] : [first]));
  await barrier.begin();
  return { ...fixture, barrier, laneLog, putLane: (config) => put(config) };
}

const addressOf = (name: string): string => `10.0.0.${name.charCodeAt(0)}`;

/** A sidecar beside `name` that has what there is. */
async function join({ connect }: Started, name: string): Promise<DiscoveryClient> {
  const client = connect();
  client.hello({ pod: `${name}-1`, app: name, address: addressOf(name) });
  await client.take();
  return client;
}

const rules = ({ mesh }: Update): readonly MatchRule[] =>
  mesh?.value.lanes.find(({ name }) => name === 'gray')?.match ?? [];

describe('the rules of a lane', () => {
  it('come after its routing, once all sidecars of its group have acknowledged that', async () => {
    const started = await start();
    const [a, b] = [await join(started, 'a'), await join(started, 'b')];
    started.putLane(lane(RULE));
    expect(rules(await a.take())).toEqual([]);
    const routing = await b.next();
    expect(routing.mesh?.value.lanes).toHaveLength(1);
    expect(rules(routing)).toEqual([]);
    await vi.waitFor(() => expect(started.barrier.acks.of(GRAY)?.acknowledged).toBe(1));
    expect(started.barrier.report()).toEqual([
      {
        ...{ lane: 'gray', group: 'demo', generation: expect.any(String), acknowledged: 1, of: 2 },
        ...{ state: 'waiting', missing: ['shop/b-1'] },
        reason: 'its new rules wait: 1 of 2 sidecars have not acknowledged its routing (shop/b-1)',
      },
    ]);
    b.ack(routing);
    expect(rules(await a.take())).toEqual([RULE]);
    expect(rules(await b.take())).toEqual([RULE]);
    await vi.waitFor(() =>
      expect(started.barrier.acks.of(GRAY)).toMatchObject({ acknowledged: 2, of: 2, state: 'open' }),
    );
    expect(started.barrier.report()).toEqual([]);
  });

  it('change at once where nothing else does', async () => {
    const started = await start({}, lane(RULE));
    const [a, b] = [await join(started, 'a'), await join(started, 'b')];
    started.putLane(lane({ hosts: ['other.example.com'] }));
    for (const update of await Promise.all([a.take(), b.take()]))
      expect(rules(update)).toEqual([{ hosts: ['other.example.com'] }]);
  });

  it('are those of before while a lane is routed anew', async () => {
    const started = await start({}, lane(RULE));
    const [a, b] = [await join(started, 'a'), await join(started, 'b')];
    started.putLane({ ...lane({ hosts: ['other.example.com'] }), fallback: [] });
    const first = await Promise.all([a.take(), b.take()]);
    for (const update of first) {
      expect(update.mesh?.value.lanes[0]?.fallback).toEqual([]);
      expect(rules(update)).toEqual([RULE]);
    }
    expect(rules(await a.take())).toEqual([{ hosts: ['other.example.com'] }]);
  });

  it('wait where other pods are of the lane than before', async () => {
    const started = await start({}, lane(RULE));
    const a = await join(started, 'a');
    started.putLane({ ...lane({ hosts: ['other.example.com'] }), selector: { version: 'next' } });
    expect(rules(await a.take())).toEqual([RULE]);
    expect(rules(await a.take())).toEqual([{ hosts: ['other.example.com'] }]);
  });

  it('wait for gateways, and for nobody who has no part in the group', async () => {
    const started = await start();
    const stranger = await join(started, 'z');
    const gateway = started.connect();
    gateway.hello({ pod: 'gateway-1', app: '', role: 'gateway' });
    await gateway.take();
    started.putLane(lane(RULE));
    const routing = await gateway.next();
    expect(rules(routing)).toEqual([]);
    await stranger.next();
    await vi.waitFor(() => expect(started.barrier.acks.of(GRAY)?.missing).toEqual(['shop/gateway-1']));
    gateway.ack(routing);
    expect(rules(await gateway.take())).toEqual([RULE]);
  });

  it('come into force without a sidecar that does not answer, and it is said why', async () => {
    const started = await start({ timeoutMs: 30 });
    const [a, silent] = [await join(started, 'a'), await join(started, 'b')];
    started.putLane(lane(RULE));
    expect(rules(await a.take())).toEqual([]);
    await silent.next();
    expect(rules(await a.take())).toEqual([RULE]);
    const reason =
      'its rules are in force without all of its sidecars, after 0.03 s: ' +
      '1 of 2 sidecars have not acknowledged its routing (shop/b-1)';
    await vi.waitFor(() =>
      expect(started.barrier.report()).toMatchObject([{ lane: 'gray', state: 'timed-out', reason }]),
    );
    const [line] = started.laneLog.events.filter(({ event }) => event === 'lane_not_acknowledged');
    expect(line?.fields).toMatchObject({ lane: 'gray', group: 'demo' });
    expect(line?.fields['missing']).toContain('shop/b-1');
  });

  it('come when the last one that was waited for goes', async () => {
    const started = await start();
    const [a, leaving] = [await join(started, 'a'), await join(started, 'b')];
    started.putLane(lane(RULE));
    expect(rules(await a.take())).toEqual([]);
    await leaving.next();
    leaving.end();
    expect(rules(await a.take())).toEqual([RULE]);
  });

  it('wait for nobody where there is nobody', async () => {
    const started = await start();
    started.putLane(lane(RULE));
    expect(rules(await join(started, 'a').then(({ updates }) => updates[0] as Update))).toEqual([RULE]);
  });
});

describe('several replicas', () => {
  it('wait for each other’s sidecars', async () => {
    const memory = new SharedMemory();
    const one = await start({ memory, replica: 'cp-1' });
    const two = await start({ memory, replica: 'cp-2' });
    const [a, b] = [await join(one, 'a'), await join(two, 'b')];
    for (const replica of [one, two]) replica.putLane(lane(RULE));
    expect(rules(await a.take())).toEqual([]);
    const routing = await b.next();
    expect(rules(routing)).toEqual([]);
    await vi.waitFor(() =>
      expect(one.barrier.acks.of(GRAY)).toMatchObject({ acknowledged: 1, of: 2, missing: ['shop/b-1'] }),
    );
    b.ack(routing);
    expect(rules(await a.take())).toEqual([RULE]);
    expect(rules(await b.take())).toEqual([RULE]);
    await vi.waitFor(() => {
      for (const { barrier } of [one, two])
        expect(barrier.acks.of(GRAY)).toMatchObject({ acknowledged: 2, of: 2, state: 'open' });
    });
  });

  it('wait for one that has not heard of the change yet, and not for one that has gone', async () => {
    const memory = new SharedMemory();
    const one = await start({ memory });
    memory.silent('cp-2');
    const a = await join(one, 'a');
    one.putLane(lane(RULE));
    expect(rules(await a.take())).toEqual([]);
    await vi.waitFor(() =>
      expect(one.barrier.report()).toMatchObject([
        { reason: 'its new rules wait: the control plane cp-2 has not said how far its sidecars are' },
      ]),
    );
    memory.gone('cp-2');
    expect(rules(await a.take())).toEqual([RULE]);
  });

  it('hold back what the others do when they start', async () => {
    const memory = new SharedMemory();
    const one = await start({ memory }, lane(RULE));
    const slow = await join(one, 'a');
    const next = { ...lane({ hosts: ['other.example.com'] }), fallback: [] };
    one.putLane(next);
    const routing = await slow.next();
    const two = await start({ memory, replica: 'cp-2' }, next);
    const b = two.connect();
    b.hello({ pod: 'b-1', app: 'b', address: addressOf('b') });
    const first = await b.take();
    expect(first.mesh?.value.lanes[0]?.fallback).toEqual([]);
    expect(rules(first)).toEqual([RULE]);
    slow.ack(routing);
    expect(rules(await b.take())).toEqual([{ hosts: ['other.example.com'] }]);
  });
});

describe('while not everything is known', () => {
  it('nothing is held back', async () => {
    const started = await start();
    const whole = started.mesh.catalog.expectMore();
    const a = await join(started, 'a');
    const fresh = started.connect();
    started.putLane(lane(RULE));
    fresh.hello({ pod: 'b-1', app: 'b', address: addressOf('b') });
    expect(rules(await fresh.take())).toEqual([RULE]);
    whole();
    expect(rules(await a.take())).toEqual([RULE]);
  });
});

describe('how far the sidecars are', () => {
  it('is told when it changes', async () => {
    const started = await start({}, lane(RULE));
    const told: (string | undefined)[] = [];
    started.barrier.acks.subscribe(() => {
      const ack = started.barrier.acks.of(GRAY);
      told.push(`${ack?.acknowledged}/${ack?.of}`);
    });
    await join(started, 'a');
    await vi.waitFor(() => expect(told.at(-1)).toBe('1/1'), { timeout: 5_000 });
    await join(started, 'b');
    await vi.waitFor(() => expect(told.at(-1)).toBe('2/2'), { timeout: 5_000 });
    expect(started.barrier.acks.of({ group: 'demo', name: 'nobody' })).toBeUndefined();
  });
});
