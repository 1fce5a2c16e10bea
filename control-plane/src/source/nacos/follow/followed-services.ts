import type { InstanceList, ServiceKey } from '@lanekeeper/nacos/instance';
import type { NacosError } from '@lanekeeper/nacos/nacos-error';
import type { NamingClient } from '@lanekeeper/nacos/naming-client';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { convertInstances } from '../convert/convert-instances.ts';
import type { Finding } from '../convert/finding.ts';
import type { ValuePool } from '../convert/value-pool.ts';
import { RecoveryWatch, type Hold } from '../recovery/recovery-watch.ts';
import type { NacosNamespace, NacosRegistry } from '../registry.ts';
import { withFormer } from './with-former.ts';
import { Directory, fewOf, type KnownService } from './directory.ts';
import type { FollowerReport } from './follower-report.ts';
import type { Held } from './sentences.ts';
import type { ServiceTable } from './service-table.ts';
import type { FollowTimings } from './timings.ts';

export interface FollowedOptions {
  /** Its place among all namespaces of all registries. */
  readonly origin: number;
  readonly registry: NacosRegistry;
  readonly namespace: NacosNamespace;
  readonly client: NamingClient;
  readonly table: ServiceTable;
  readonly pool: ValuePool;
  /** Whether some sidecar needs the service. */
  readonly isWanted: (id: string) => boolean;
  readonly report: FollowerReport;
  readonly timings: FollowTimings;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

/** The services of one namespace of one registry: what is known of each, on its way to the table; those that are wanted are followed. */
export class FollowedServices {
  readonly #options: FollowedOptions;
  readonly #directory: Directory;
  readonly #recovery: RecoveryWatch;
  readonly #lingering = new Map<string, NodeJS.Timeout>();
  /** Those that have only just begun to be followed, until their first list has come or cannot. */
  readonly #stale = new Map<string, Promise<void>>();
  #hold: Hold | undefined;
  #dueTimer: NodeJS.Timeout | undefined;

  constructor(options: FollowedOptions) {
    this.#options = options;
    this.#directory = new Directory(options.namespace.meshNamespace);
    this.#recovery = new RecoveryWatch(options.registry.recovery);
  }

  /** The services of these names but for those that the mesh cannot name. */
  learn(keys: readonly ServiceKey[]): readonly KnownService[] {
    return keys.map((key) => this.#directory.learn(key)).filter((service) => service !== undefined);
  }

  /** Somebody has asked for it. */
  read(service: KnownService, list: InstanceList): void {
    // What is told of it is newer.
    if (service.unfollow !== undefined) return;
    const endpoints = this.#convert(service, list);
    const known = this.isSteady() ? [] : (service.endpoints ?? []);
    this.#show(service, withFormer(endpoints, known));
    // It may have been wanted before it was known.
    if (this.#options.isWanted(service.id)) this.#follow(service);
  }

  refused(service: KnownService, error: NacosError): void {
    this.#report(service, [{ code: 'not-readable', message: `it cannot be read: ${error.message}` }]);
  }

  /** Lets go what is not among these names, the names of all that there are; what is followed may come back. */
  prune(keys: readonly ServiceKey[]): void {
    for (const { id } of this.#directory.goneWithout(keys)) {
      this.#directory.forget(id);
      this.#options.table.remove(this.#options.origin, id);
    }
  }

  /** Sidecars need these services now, or do not any more. */
  renew(ids: readonly string[]): void {
    for (const id of ids) {
      const service = this.#directory.get(id);
      if (service === undefined) continue;
      if (this.#options.isWanted(id)) this.#follow(service);
      else if (service.unfollow !== undefined) this.#linger(service);
    }
  }

  /** Asks once more for all that is followed; resolves when what the server says is in force. */
  async refresh(): Promise<void> {
    const followed = [...this.#directory.all()].filter(({ unfollow }) => unfollow !== undefined);
    await Promise.all(followed.map(({ key }) => this.#options.client.refresh(key)));
  }

  isStale(id: string): boolean {
    return this.#stale.has(id);
  }

  async freshen(id: string): Promise<boolean> {
    await this.#stale.get(id);
    return true;
  }

  /** Until there is a new connection everything stays as it is. */
  lost(): void {
    this.#recovery.lost();
    clearTimeout(this.#dueTimer);
  }

  /** There is a new connection, not the first one. */
  connected(): void {
    this.#recovery.connected(this.#options.now());
    this.#settle();
  }

  /** Whether what the server says is taken as it is. */
  isSteady(): boolean {
    return this.#recovery.isSteady();
  }

  /** Instances that are served though the server lacks them, and for how long still; undefined: there was no loss. */
  held(): Held | undefined {
    const hold = this.#recovery.hold();
    if (hold === undefined) return undefined;
    const forMs = Math.max(0, hold.untilMs - this.#options.now());
    return { hold, kept: this.#recovery.kept(), services: this.#recovery.keptServices(), forMs };
  }

  findings(): readonly string[] {
    return this.#directory.findings();
  }

  counts() {
    const findings = this.#directory.findings().length;
    return { ...this.#directory.counts(), kept: this.#recovery.kept(), findings };
  }

  close(): void {
    clearTimeout(this.#dueTimer);
    for (const timer of this.#lingering.values()) clearTimeout(timer);
  }

  #follow(service: KnownService): void {
    const { client, now } = this.#options;
    clearTimeout(this.#lingering.get(service.id));
    this.#lingering.delete(service.id);
    if (service.unfollow !== undefined) return;
    this.#recovery.follow(service.id, service.endpoints ?? [], now());
    service.unfollow = client.subscribe(service.key, (list) => this.#told(service, list));
    const first = client.refresh(service.key).finally(() => this.#stale.delete(service.id));
    this.#stale.set(service.id, first);
  }

  /** Nobody wants it any more; perhaps somebody is only connecting anew. */
  #linger(service: KnownService): void {
    const { id } = service;
    if (this.#lingering.has(id)) return;
    const timer = setTimeout(() => {
      this.#lingering.delete(id);
      service.unfollow?.();
      service.unfollow = undefined;
      this.#recovery.forget(id);
    }, this.#options.timings.linger);
    timer.unref();
    this.#lingering.set(id, timer);
  }

  #told(service: KnownService, list: InstanceList): void {
    this.#options.report.metrics.told();
    this.#recovery.tell(service.id, this.#convert(service, list), this.#options.now());
    this.#settle();
  }

  /** Serves what the recovery has decided, and looks again when it may decide something else. */
  #settle(): void {
    for (const id of this.#recovery.takeTouched()) {
      const service = this.#directory.get(id);
      const endpoints = this.#recovery.served(id);
      if (service !== undefined && endpoints !== undefined) this.#show(service, endpoints);
    }
    this.#tellHold();
    const { now } = this.#options;
    clearTimeout(this.#dueTimer);
    const dueMs = this.#recovery.dueMs(now());
    if (dueMs === undefined) return;
    this.#dueTimer = setTimeout(
      () => {
        this.#recovery.advance(now());
        this.#settle();
      },
      Math.max(1, dueMs - now()),
    );
    this.#dueTimer.unref();
  }

  #tellHold(): void {
    const { report, registry } = this.#options;
    const hold = this.#recovery.hold();
    if (hold !== undefined && this.#hold === undefined) report.holdBegan(hold, registry.recovery.holdMs);
    if (hold === undefined && this.#hold !== undefined) report.holdEnded();
    this.#hold = hold;
  }

  #show(service: KnownService, endpoints: readonly EndpointConfig[]): void {
    const { origin, table } = this.#options;
    service.endpoints = endpoints;
    table.put(origin, service.id, endpoints);
  }

  #convert(service: KnownService, list: InstanceList): readonly EndpointConfig[] {
    const { registry, pool } = this.#options;
    const { endpoints, findings } = convertInstances(list, registry, pool);
    this.#report(service, findings);
    return endpoints;
  }

  /** One line for each kind of finding when it appears. */
  #report(service: KnownService, findings: readonly Finding[]): void {
    if (findings.length === 0 && service.codes.size === 0) return;
    const codes = new Set<string>();
    for (const finding of findings) {
      if (!codes.has(finding.code) && !service.codes.has(finding.code)) {
        this.#options.report.unusable(service.id, finding);
      }
      codes.add(finding.code);
    }
    service.codes = codes;
    service.findings = fewOf(findings);
  }
}
