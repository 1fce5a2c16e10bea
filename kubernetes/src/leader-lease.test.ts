import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApiClient } from './api-client.ts';
import { createLeaderLease, type LeaderLease } from './leader-lease.ts';
import type { LeaderLeaseOptions } from './lease-options.ts';
import { fieldsOf } from './kube-object.ts';
import { LEASES } from './resources.ts';
import { ApiServer } from './testing/api-server.ts';
import { eventually } from './testing/eventually.ts';
import { openClient } from './testing/open-client.ts';
import { createRecordingLog, type LogLine } from './testing/recording-log.ts';

const place = { resource: LEASES, namespace: 'system', name: 'lanekeeper-injector' };
/** In the order of production's, quick enough for a test. */
const times = { leaseMs: 5_000, renewMs: 2_000, retryMs: 20 };

let server: ApiServer;
let client: ApiClient;
let leases: LeaderLease[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  leases = [];
  server.put({ resource: LEASES }, { metadata: { name: place.name, namespace: place.namespace } });
});

afterEach(async () => {
  await Promise.all(leases.map((lease) => lease.stop()));
  client.close();
  await server.stop();
});

interface Replica extends LeaderLease {
  /** `elected` and `lost`, in order. */
  readonly story: readonly string[];
  readonly terms: readonly AbortSignal[];
  readonly lines: readonly LogLine[];
}

function startReplica(identity: string, options: Partial<LeaderLeaseOptions> = {}): Replica {
  const story: string[] = [];
  const terms: AbortSignal[] = [];
  const { log, lines } = createRecordingLog();
  const lease = createLeaderLease({
    ...{ client, log, identity, namespace: place.namespace, name: place.name, times },
    onElected(term) {
      story.push('elected');
      terms.push(term);
    },
    onLost: () => void story.push('lost'),
    ...options,
  });
  leases.push(lease);
  lease.start();
  const { isLeader, leader, start, stop } = lease;
  return {
    ...{ story, terms, lines },
    isLeader: isLeader.bind(lease),
    leader: leader.bind(lease),
    start: start.bind(lease),
    stop: stop.bind(lease),
  };
}

function spec(): Readonly<Record<string, unknown>> {
  const lease = server.objects.get('coordination.k8s.io/v1/leases', 'system/lanekeeper-injector');
  return fieldsOf(lease?.['spec']);
}

it('makes one leader, who takes an empty lease and renews it', async () => {
  const [a, b] = [startReplica('a'), startReplica('b')];
  await eventually('one leads', () => a.isLeader() || b.isLeader());
  const { version } = server.objects;
  await eventually('it was renewed some times', () => server.objects.version > version + 5);
  expect([a, b].filter((replica) => replica.isLeader())).toHaveLength(1);
  expect([...a.story, ...b.story]).toEqual(['elected']);
  const holder = a.isLeader() ? 'a' : 'b';
  expect(spec()).toMatchObject({ holderIdentity: holder, leaseDurationSeconds: 5, leaseTransitions: 1 });
  await eventually('both know it', () => a.leader() === holder && b.leader() === holder);
});

it('gives the lease back when it stops, and another takes it at once', async () => {
  const a = startReplica('a');
  await eventually('a leads', () => a.isLeader());
  const b = startReplica('b');
  const [term] = a.terms;
  await a.stop();
  expect([a.isLeader(), term?.aborted, a.story]).toEqual([false, true, ['elected', 'lost']]);
  await eventually('b leads', () => b.isLeader());
  expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 2 });
});

it('waits as long as the holder’s lease lasts, by its own monotonic clock, whatever the times in it say', async () => {
  server.put(
    { resource: LEASES },
    {
      metadata: { name: place.name, namespace: place.namespace },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' },
    },
  );
  let now = 0;
  const b = startReplica('b', { now: () => now });
  await eventually('it has seen the lease', () => b.leader() === 'dead');
  const before = server.requests.length;
  now = 14_999;
  await eventually('it has asked often', () => server.requests.length > before + 6);
  expect([b.isLeader(), b.leader()]).toEqual([false, 'dead']);
  now = 15_100;
  await eventually('b leads', () => b.isLeader());
});

it('takes nobody’s lease as long as that one renews', async () => {
  let now = 0;
  const b = startReplica('b', { now: () => now });
  await b.stop();
  const renew = (time: string): unknown =>
    server.put(
      { resource: LEASES },
      {
        metadata: { name: place.name, namespace: place.namespace },
        spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: time },
      },
    );
  renew('t0');
  const c = startReplica('c', { now: () => now });
  for (let round = 1; round <= 5; round++) {
    const seen = server.requests.length;
    await eventually('c has looked', () => server.requests.length > seen + 2);
    now += 10_000;
    renew(`t${round}`);
    const renewed = server.requests.length;
    await eventually('c has looked again', () => server.requests.length > renewed + 2);
    expect(c.isLeader()).toBe(false);
  }
});

it('stops leading when it cannot renew, before others may begin, and leads again later', async () => {
  const a = startReplica('a');
  await eventually('a leads', () => a.isLeader());
  let refused = 0;
  server.fault = () => {
    refused += 1;
    return { kind: 'status', status: 503 };
  };
  await eventually('a has lost', () => a.story.at(-1) === 'lost');
  expect([a.isLeader(), a.terms[0]?.aborted]).toEqual([false, true]);
  // Others wait for `leaseMs` from the last renewal: nobody else has had it.
  expect(spec()['holderIdentity']).toBe('a');
  server.fault = () => undefined;
  await eventually('a leads again', () => a.isLeader());
  expect(a.story).toEqual(['elected', 'lost', 'elected']);
  const said = a.lines.filter(({ event }) => event === 'lease_attempt_failed').length;
  expect(said).toBeGreaterThan(0);
  expect(said).toBeLessThanOrEqual(1 + refused / 15);
});

it('stops leading in time although its request hangs', async () => {
  const a = startReplica('a');
  await eventually('a leads', () => a.isLeader());
  server.fault = () => ({ kind: 'stall' });
  await eventually('a has lost', () => a.story.at(-1) === 'lost');
});

it('is no leader once its time is over, even before it has noticed', async () => {
  let now = 0;
  const a = startReplica('a', { now: () => now });
  await eventually('a leads', () => a.isLeader());
  server.fault = () => ({ kind: 'stall' });
  now += times.renewMs;
  expect(a.isLeader()).toBe(false);
});

it('loses at once when another has taken the lease', async () => {
  const a = startReplica('a');
  await eventually('a leads', () => a.isLeader());
  server.put(
    { resource: LEASES },
    {
      metadata: { name: place.name, namespace: place.namespace },
      spec: { holderIdentity: 'thief', leaseDurationSeconds: 15, renewTime: 't' },
    },
  );
  await eventually('a has lost', () => a.story.at(-1) === 'lost');
  expect(spec()['holderIdentity']).toBe('thief');
});

it('survives a change of the lease that is not about who holds it', async () => {
  const a = startReplica('a');
  await eventually('a leads', () => a.isLeader());
  await client.patch(place, { type: 'merge', body: { metadata: { labels: { helm: 'was-here' } } } });
  const { version } = server.objects;
  await eventually('it was renewed', () => server.objects.version > version + 3);
  expect(a.story).toEqual(['elected']);
});

it('says that the lease is not there and goes on asking', async () => {
  server.remove({ resource: LEASES }, place.name, place.namespace);
  const a = startReplica('a');
  await eventually('it says so', () => a.lines.some(({ event }) => event === 'lease_attempt_failed'));
  server.put({ resource: LEASES }, { metadata: { name: place.name, namespace: place.namespace } });
  await eventually('a leads', () => a.isLeader());
});

it('never has two leaders while replicas come, go and lose the server', async () => {
  const all = ['a', 'b', 'c'].map((identity) => startReplica(identity));
  let most = 0;
  const watch = (): boolean => {
    most = Math.max(most, all.filter((replica) => replica.isLeader()).length);
    return all.some((replica) => replica.isLeader());
  };
  for (let round = 0; round < 3; round++) {
    await eventually('one leads', watch);
    const leader = all.find((replica) => replica.isLeader());
    await leader?.stop();
    await server.stop();
    await server.start();
    await eventually(
      'the next one leads',
      () => watch() || all.length === all.filter((r) => r.story.at(-1) === 'lost').length,
    );
  }
  expect(most).toBe(1);
  expect(all.map(({ story }) => story[0])).toEqual(['elected', 'elected', 'elected']);
});
