import type { EventNote } from '@lanekeeper/kubernetes/event-note';
import type { Registrar, Registration } from '@lanekeeper/nacos/registrar';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { describe, expect, it, vi } from 'vitest';
import { SharedDraining } from '../draining/shared-draining.ts';
import { namespace, TestCluster } from '../source/kubernetes/convert/cluster.fixture.ts';
import type { ClusterChanges } from '../source/kubernetes/cluster-tables.ts';
import { registerPods } from './pod-registrations.ts';
import { instanceAt, readClient, type Stored } from './read-client.fixture.ts';
import { placeKey, type RegistrationPlace } from './registration-plan.ts';
import { around, askingPod, registryOf, type Asking } from './registration.fixture.ts';

/** What a Nacos server would have by now, and what was done to it. */
class Recorder {
  readonly instances = new Map<string, string>();
  readonly done: string[] = [];
  failure: Error | undefined;
  /** What was there before, by service. */
  stored: Stored = {};

  open(place: RegistrationPlace): Registrar {
    const at = placeKey(place);
    let own = new Map<string, string>();
    const keyOf = ({ service, ip }: Registration): string => `${at} ${service.name} ${ip}`;
    return {
      keep: (registrations) => {
        const before = own;
        own = new Map(registrations.map((one) => [keyOf(one), one.metadata['lanekeeper.io/lane'] ?? 'base']));
        for (const key of before.keys()) if (!own.has(key)) this.#delete(key);
        for (const [key, lane] of own) this.instances.set(key, lane);
        this.done.push(`keep ${own.size}`);
      },
      withdraw: async (registration) => {
        if (this.failure !== undefined) return Promise.reject(this.failure);
        this.done.push(`withdraw ${registration.ip}`);
        return Promise.resolve(this.#delete(keyOf(registration)));
      },
      release: () => {
        own = new Map();
        this.done.push('release');
      },
      problems: () => (this.failure === undefined ? [] : ['it is away']),
      close: () => Promise.resolve(),
    };
  }

  #delete(key: string): void {
    this.instances.delete(key);
  }
}

function replica({
  cluster = new TestCluster(),
  nacos = new Recorder(),
  registries = [registryOf('main')],
} = {}) {
  const listeners = new Set<(changes: ClusterChanges) => void>();
  const leaders = new Set<(isLeader: boolean) => void>();
  let isLeader = false;
  let nowMs = 0;
  const notes: EventNote[] = [];
  const draining = new SharedDraining({ note: () => undefined, isGone: () => false });
  const log = createRecordingLog();
  const metrics = new Metrics();
  const registrations = registerPods({
    cluster: {
      tables: cluster.tables,
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      standingOf: around().standingOf,
      leadership: {
        isLeader: () => isLeader,
        subscribe(listener) {
          leaders.add(listener);
          return () => void leaders.delete(listener);
        },
      },
    },
    ...{ draining, registries, log, metrics, now: () => nowMs },
    events: { record: (note) => void notes.push(note) },
    open: (place) => nacos.open(place),
    read: ({ namespace: id }) => readClient(() => (id === '' ? nacos.stored : {})),
  });
  return {
    ...{ registrations, nacos, draining, log, metrics, notes },
    listeners: () => listeners.size + leaders.size,
    tell: (changes: ClusterChanges) => listeners.forEach((listener) => listener(changes)),
    lead(now: boolean) {
      isLeader = now;
      for (const listener of leaders) listener(now);
    },
    pass: (ms: number) => (nowMs += ms),
  };
}

/** Replicas that see one cluster and one Nacos. */
function replicas(count: number) {
  const cluster = new TestCluster();
  const nacos = new Recorder();
  const all = Array.from({ length: count }, () => replica({ cluster, nacos }));
  const change = (name: string, asking: Asking | undefined): void => {
    if (asking === undefined) cluster.pods.remove(`shop/${name}`);
    else cluster.put({ kind: 'pod', object: askingPod(name, asking) });
    const changes = cluster.changes();
    for (const one of all) one.tell(changes);
  };
  const [first, second] = all;
  if (first === undefined || second === undefined) throw new TypeError('expected two replicas');
  return { ...{ cluster, nacos, first, second, change }, pods: () => [...nacos.instances.keys()] };
}

const GRAY = { labels: { 'lanekeeper.io/lane': 'gray' } };

describe('pods that ask for a registration', () => {
  it('are in Nacos with their lane while they serve, by the word of the leader alone', () => {
    const { nacos, first, second, change } = replicas(2);
    change('a-1', GRAY);
    expect(nacos.done).toEqual([]);
    first.lead(true);
    expect([...nacos.instances]).toEqual([['main/ a 10.0.0.1', 'gray']]);
    change('a-2', { address: '10.0.0.2' });
    change('a-1', { labels: { 'lanekeeper.io/lane': 'blue' } });
    expect([...nacos.instances.values()]).toEqual(['blue', 'base']);
    change('a-1', { ...GRAY, pod: { isTerminating: true } });
    change('a-2', { address: '10.0.0.2', pod: { isReady: false } });
    expect(nacos.instances.size).toBe(0);
    expect(second.log.events).toEqual([]);
  });

  it('are not told to Nacos again when nothing of it has changed', () => {
    const { nacos, first, change } = replicas(2);
    first.lead(true);
    change('a-1', {});
    const { length } = nacos.done;
    change('a-1', { pod: { nodeName: 'node-2' } });
    expect(nacos.done).toHaveLength(length);
  });

  it('stay registered when the leader changes, and are kept by the next one', () => {
    const { nacos, first, second, change, pods } = replicas(2);
    first.lead(true);
    change('a-1', {});
    first.lead(false);
    expect(nacos.done.at(-1)).toBe('release');
    expect(pods()).toHaveLength(1);
    second.lead(true);
    expect(nacos.done.at(-1)).toBe('keep 1');
    change('a-1', undefined);
    expect(pods()).toEqual([]);
  });

  it('that went while nobody led are taken out by the next leader', async () => {
    const { first, second, change, pods } = replicas(2);
    first.lead(true);
    change('a-1', {});
    change('a-2', { address: '10.0.0.2' });
    first.lead(false);
    change('a-1', undefined);
    expect(pods()).toHaveLength(2);
    second.lead(true);
    await vi.waitFor(() => expect(pods()).toEqual(['main/ a 10.0.0.2']));
  });

  it('that came back meanwhile are left in', async () => {
    const { nacos, first, second, change, pods } = replicas(2);
    first.lead(true);
    change('a-1', {});
    first.lead(false);
    change('a-1', { pod: { isReady: false } });
    change('a-1', {});
    second.lead(true);
    await Promise.resolve();
    expect(pods()).toHaveLength(1);
    expect(nacos.done.filter((what) => what.startsWith('withdraw'))).toEqual([]);
  });

  it('that went while no replica was there are found in Nacos and taken out, those of other clusters are left', async () => {
    const { nacos, first, change, cluster } = replicas(2);
    cluster.put(namespace('kube-system'));
    change('a-1', {});
    const ours = { 'lanekeeper.io/cluster': 'uid-kube-system' };
    nacos.stored = {
      a: [instanceAt('10.0.0.1', ours), instanceAt('10.0.0.2', ours)],
      b: [instanceAt('10.0.0.3', { 'lanekeeper.io/cluster': 'another' }), instanceAt('10.0.0.4', {})],
    };
    first.lead(true);
    await vi.waitFor(() => expect(nacos.done).toEqual(['keep 1', 'withdraw 10.0.0.2']));
    await vi.waitFor(() => expect(first.log.events).toMatchObject([{ event: 'nacos_stray_withdrawn' }]));
  });

  it('that nobody can remember are not asked about', () => {
    const { nacos, second, change } = replicas(2);
    change('a-1', {});
    change('a-1', undefined);
    second.pass(600_001);
    change('a-2', { address: '10.0.0.2' });
    second.lead(true);
    expect(nacos.done).toEqual(['keep 1']);
  });
});

describe('a pod whose sidecar says that it drains', () => {
  const id = { uid: 'uid-a-1', pod: 'shop/a-1' };

  it('is taken out by the replica that hears it, and not registered again by the leader that hears it later', async () => {
    const { nacos, first, second, change, pods } = replicas(2);
    first.lead(true);
    change('a-1', {});
    second.draining.drains(id);
    await vi.waitFor(() => expect(nacos.done.at(-1)).toBe('withdraw 10.0.0.1'));
    first.draining.read({ pods: new Map([[id.uid, id.pod]]), version: 1 });
    change('a-1', { pod: { nodeName: 'node-2' } });
    expect(pods()).toEqual([]);
    first.draining.read({ pods: new Map(), version: 2 });
    expect(pods()).toHaveLength(1);
  });

  it('is taken out by the leader that hears it', () => {
    const { nacos, first, change, pods } = replicas(2);
    first.lead(true);
    change('a-1', {});
    first.draining.drains(id);
    expect(pods()).toEqual([]);
    expect(nacos.done.at(-1)).toBe('keep 0');
    first.draining.serves(id);
    expect(pods()).toHaveLength(1);
  });

  it('is in the log where Nacos could not be told', async () => {
    const { nacos, first, second, change } = replicas(2);
    first.lead(true);
    change('a-1', {});
    nacos.failure = new Error('no answer');
    second.draining.drains(id);
    await vi.waitFor(() =>
      expect(second.log.events).toMatchObject([
        { event: 'nacos_withdrawal_failed', fields: { ip: '10.0.0.1' } },
      ]),
    );
    expect(second.registrations.problems()).toEqual(['it is away']);
    expect(second.metrics.expose()).toContain('lanekeeper_registration_problems 1');
    expect(second.metrics.expose()).toContain('lanekeeper_registration_withdrawals_total{result="failed"} 1');
    // It would take the pod out later, when that may be back.
    expect(nacos.done.at(-1)).toBe('release');
  });
});

describe('what people are told', () => {
  it('are the pods that cannot be registered, once each, and in numbers', () => {
    const { first, second, change, nacos } = replicas(2);
    change('a-1', { nacos: { port: 'http' } });
    change('a-2', {});
    change('a-3', { address: '10.0.0.3', pod: { isReady: false } });
    const note =
      'not registered in Nacos: metadata.annotations["lanekeeper.io/nacos-port"]: expected a port from 1 to 65535, found "http"';
    expect(first.registrations.findings()).toEqual([`Pod shop/a-1: ${note}`]);
    expect(first.log.events).toMatchObject([
      { event: 'pod_not_registered', fields: { pod: 'shop/a-1', note } },
    ]);
    expect(first.notes).toEqual([]);
    first.lead(true);
    expect(first.notes).toMatchObject([{ regarding: { name: 'a-1' }, reason: 'NotRegistered', note }]);
    expect(second.notes).toEqual([]);
    const text = first.metrics.expose();
    for (const line of ['{state="registered"} 1', '{state="waiting"} 1', '{state="refused"} 1'])
      expect(text).toContain(`lanekeeper_registration_pods${line}`);
    expect(text).toContain('lanekeeper_registration_leader 1');
    change('a-1', { address: '10.0.0.4' });
    expect(first.registrations.findings()).toEqual([]);
    expect(nacos.instances.size).toBe(2);
  });

  it('is also when a namespace begins to ask for sidecars', () => {
    const cluster = new TestCluster();
    const one = replica({ cluster });
    cluster.put({ kind: 'pod', object: askingPod('a-1', { ...GRAY, pod: { isInjected: false } }) });
    one.tell(cluster.changes());
    expect(one.registrations.findings()).toEqual([]);
    cluster.put(namespace('shop', { labels: { 'lanekeeper.io/injection': 'enabled' } }));
    one.tell(cluster.changes());
    expect(one.registrations.findings()).toEqual([expect.stringContaining('has none: restart it')]);
  });

  it('is nothing any more once it is closed', async () => {
    const { first, nacos, change } = replicas(2);
    await first.registrations.close();
    expect(first.listeners()).toBe(0);
    change('a-1', {});
    expect(nacos.done).toEqual([]);
  });
});
