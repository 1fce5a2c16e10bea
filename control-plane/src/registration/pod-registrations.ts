import type { EventRecorder } from '@lanekeeper/kubernetes/events';
import type { NamingClient } from '@lanekeeper/nacos/naming-client';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { DrainingChange, DrainingPods } from '../draining/draining-pods.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import type { ClusterChanges } from '../source/kubernetes/cluster-tables.ts';
import { isMissingSidecar } from '../source/kubernetes/convert/member.ts';
import type { NacosRegistry } from '../source/nacos/registry.ts';
import { DepartedInstances } from './departed-instances.ts';
import { isRegisteredBy } from './instance-metadata.ts';
import type { PodSurroundings } from './plan-pod.ts';
import { RefusalReport } from './refusal-report.ts';
import { Registrars, type OpenRegistrar } from './registrars.ts';
import { createRegistrationMetrics, type RegistrationMetrics } from './registration-metrics.ts';
import { instanceKey, type PlannedRegistration, type RegistrationPlace } from './registration-plan.ts';
import { RegistrationTable } from './registration-table.ts';
import { sweepStrays } from './stray-sweep.ts';

export interface RegistrationOptions {
  readonly cluster: Pick<ClusterAccess, 'tables' | 'subscribe' | 'standingOf' | 'leadership'>;
  readonly draining: DrainingPods;
  /** At least one. */
  readonly registries: readonly NacosRegistry[];
  readonly open: OpenRegistrar;
  /** Reads a place; opened for as long as that takes. */
  readonly read: (place: RegistrationPlace) => NamingClient;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Pods in Nacos on their behalf. */
export interface PodRegistrations {
  /** Why what stands in Nacos may be old, as sentences. */
  problems(): readonly string[];
  /** Pods that cannot be registered as they ask, as sentences that name them. */
  findings(): readonly string[];
  /** What is registered stays so. */
  close(): Promise<void>;
}

export function registerPods(options: RegistrationOptions): PodRegistrations {
  return new LedRegistrations(options);
}

/**
 * Every replica knows the plan; the one that leads carries it out. A pod whose sidecar says here that it drains is taken out at once,
 * whoever leads: the leader hears of it a moment later and does not register it again.
 */
class LedRegistrations implements PodRegistrations {
  readonly #options: RegistrationOptions;
  readonly #table: RegistrationTable;
  readonly #registrars: Registrars;
  readonly #departed = new DepartedInstances();
  readonly #metrics: RegistrationMetrics;
  readonly #report: RefusalReport;
  readonly #ends: readonly (() => void)[];
  readonly #now: () => number;
  #term = new AbortController();

  constructor(options: RegistrationOptions) {
    const { cluster, draining } = options;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#table = new RegistrationTable(cluster.tables.pods, surroundingsOf(options));
    this.#registrars = new Registrars(options.open);
    this.#report = new RefusalReport({ ...options, pods: cluster.tables.pods });
    this.#metrics = createRegistrationMetrics(options.metrics, {
      plan: () => this.#table.plan,
      isKeeping: () => cluster.leadership.isLeader(),
      problems: () => this.problems(),
    });
    this.#ends = [
      cluster.subscribe((changes) => this.#changed(changes)),
      draining.subscribe((change) => this.#drained(change)),
      cluster.leadership.subscribe((isLeader) => (isLeader ? this.#elected() : this.#deposed())),
    ];
    this.#update(cluster.tables.pods.keys());
  }

  problems(): readonly string[] {
    return this.#registrars.problems();
  }

  findings(): readonly string[] {
    return this.#report.findings(this.#table.plan);
  }

  close(): Promise<void> {
    this.#term.abort();
    for (const end of this.#ends) end();
    return this.#registrars.close();
  }

  #changed({ pods, namespaces }: ClusterChanges): void {
    this.#update(new Set([...pods.keys, ...this.#table.in(namespaces.keys)]));
  }

  #drained({ pod, isDraining, heardHere }: DrainingChange): void {
    const before = this.#table.of(pod);
    this.#update([pod]);
    const { leadership } = this.#options.cluster;
    // The leader's registrar has been told with the update, and goes on until it is so.
    if (!isDraining || !heardHere || leadership.isLeader()) return;
    if (before?.kind === 'registered') void this.#withdraw(before.planned);
  }

  #update(pods: Iterable<string>): void {
    const update = this.#table.update(pods);
    if (update === undefined) return;
    this.#departed.add(update.left, this.#now());
    this.#report.write(this.#table.plan);
    if (!this.#options.cluster.leadership.isLeader()) return;
    this.#registrars.keep(this.#table.plan);
    this.#report.record(this.#table.plan);
  }

  #elected(): void {
    this.#term = new AbortController();
    this.#registrars.keep(this.#table.plan);
    for (const planned of this.#departed.take(this.#table.plan, this.#now())) void this.#withdraw(planned);
    void this.#sweep(this.#term.signal);
    this.#report.record(this.#table.plan);
  }

  #deposed(): void {
    this.#term.abort();
    this.#registrars.release();
  }

  async #sweep(term: AbortSignal): Promise<void> {
    const { registries, read: open, log, cluster } = this.#options;
    const places = registries.flatMap(({ name: registry, namespaces }) =>
      namespaces.map(({ id, groups }) => ({ place: { registry, namespace: id }, groups })),
    );
    const isStray = (found: PlannedRegistration): boolean =>
      isRegisteredBy(clusterIdOf(cluster), found.registration.metadata) &&
      !this.#table.plan.instances.has(instanceKey(found));
    const withdraw = (stray: PlannedRegistration): Promise<void> => this.#registrars.withdraw(stray);
    await sweepStrays({ places, open, isStray, withdraw, log }, term);
  }

  async #withdraw(planned: PlannedRegistration): Promise<void> {
    const { done, failed } = this.#metrics.withdrawals;
    try {
      await this.#registrars.withdraw(planned);
      done.inc();
    } catch (err) {
      failed.inc();
      // The leader goes on until it is so; we must not, for the pod may have come back by then.
      if (!this.#options.cluster.leadership.isLeader()) this.#registrars.release();
      const { service, ip, port } = planned.registration;
      this.#options.log.warn({ err, ...planned.place, ...service, ip, port }, 'nacos_withdrawal_failed');
    }
  }
}

function surroundingsOf({ registries, draining, cluster }: RegistrationOptions): PodSurroundings {
  const { namespaces } = cluster.tables;
  return {
    registries,
    clusterId: () => clusterIdOf(cluster),
    standingOf: (pod) => cluster.standingOf(pod),
    isDraining: (pod) => draining.has(pod.meta.uid),
    isMissingSidecar: (pod) => isMissingSidecar(pod, { namespace: (name) => namespaces.get(name) }),
  };
}

/** There is one such namespace in each cluster, from its beginning to its end. */
function clusterIdOf({ tables }: RegistrationOptions['cluster']): string | undefined {
  return tables.namespaces.get('kube-system')?.meta.uid;
}
