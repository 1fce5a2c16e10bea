import { NacosError } from '@lanekeeper/nacos/nacos-error';
import type { NamingStatus } from '@lanekeeper/nacos/naming-client';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { FollowedServices, type FollowedOptions } from './followed-services.ts';
import { readNamespace } from './read-namespace.ts';
import { describeHold, describeOutage } from './sentences.ts';
import {
  SweepTimer,
  type SweepAsked,
  type SweepKind,
  type SweepResult,
  type SweepWhy,
} from './sweep-timer.ts';

/**
 * One namespace of one registry: knows all services with the instances that they had when they were last asked for, and follows
 * those that some sidecar needs.
 */
export class NamespaceFollower {
  readonly #options: FollowedOptions;
  readonly #services: FollowedServices;
  readonly #sweeps: SweepTimer;
  readonly #endStatus: () => void;
  #connections: number;
  /** Why not everything could be read when it was last tried. */
  #unread: string | undefined;
  #isRead = false;
  #isClosed = false;
  #retry: { readonly timer: NodeJS.Timeout; readonly now: () => void } | undefined;

  constructor(options: FollowedOptions) {
    const { client, report, timings, now } = options;
    this.#options = options;
    this.#services = new FollowedServices(options);
    this.#sweeps = new SweepTimer({ run: (sweep) => this.#sweepAgain(sweep), timings, now });
    this.#connections = client.status().connections;
    this.#endStatus = client.onStatus((status) => this.#statusChanged(status));
    report.count(() => ({
      ...this.#services.counts(),
      isConnected: client.status().state === 'connected',
    }));
  }

  /** Resolves when all services have been read once; stays pending until then. */
  async start(): Promise<void> {
    const { client, timings, report, now } = this.#options;
    const beganMs = now();
    // A client that has just been opened is connecting.
    if (client.status().state !== 'connected') await this.#pause(timings.retryBase);
    for (let attempt = 0; !(await this.#sweep('all', 'first')); attempt++) {
      await this.#pause(backoffMs(attempt, { baseMs: timings.retryBase, maxMs: timings.retryAtMost }));
    }
    this.#isRead = true;
    report.read(this.#services.counts().services, (now() - beganMs) / 1000);
    if (!this.#isClosed) this.#sweeps.start();
  }

  /** Sidecars need these services now, or do not any more. */
  renew(ids: readonly string[]): void {
    this.#services.renew(ids);
  }

  /** Somebody asks for what no source knows: it may be new. Resolves when that has been looked for; false: it cannot be, or not soon. */
  look(kind: SweepKind): Promise<boolean> {
    const canRead = this.#isConnected() && (this.#isRead || this.#unread === undefined);
    return canRead ? this.#sweeps.demand(kind) : Promise.resolve(false);
  }

  /** Whether it has only just begun to follow a service, so that what it knows of it may be old. */
  isStale(id: string): boolean {
    return this.#isConnected() && this.#services.isStale(id);
  }

  /** Resolves when that is over. */
  freshen(id: string): Promise<boolean> {
    return this.#services.freshen(id);
  }

  /** As sentences. */
  problems(): readonly string[] {
    const status = this.#options.client.status();
    const problems: string[] = [];
    if (status.state !== 'connected' && this.#isRead) problems.push(describeOutage(status));
    else if (!this.#isRead)
      problems.push(`not read yet: ${status.problem ?? this.#unread ?? 'it takes its time'}`);
    else if (this.#unread !== undefined) problems.push(`not looked through lately: ${this.#unread}`);
    const held = this.#services.held();
    if (held !== undefined) problems.push(describeHold(held));
    return problems;
  }

  findings(): readonly string[] {
    return this.#services.findings();
  }

  /** Stays pending where it has not started yet. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry?.timer);
    this.#endStatus();
    this.#sweeps.close();
    this.#services.close();
    return this.#options.client.close();
  }

  #statusChanged({ state, connections }: NamingStatus): void {
    if (state !== 'connected') {
      this.#services.lost();
      return;
    }
    const isFirst = this.#connections === 0;
    if (connections > this.#connections) this.#options.report.metrics.connected();
    this.#connections = connections;
    if (!isFirst) {
      this.#services.connected();
      void this.#sweeps.demand('all');
    }
    this.#retry?.now();
  }

  async #sweepAgain({ kind, why, isAwaited }: SweepAsked): Promise<SweepResult> {
    // After its return a server may lack what it will know again soon: then it is asked for what is new, where somebody waits for it.
    if (!this.#isConnected() || !(isAwaited || this.#services.isSteady())) return 'failed';
    if (!(await this.#sweep(kind, why))) return 'failed';
    return this.#services.isSteady() ? 'done' : 'additions';
  }

  #isConnected(): boolean {
    return this.#options.client.status().state === 'connected';
  }

  /** Whether it could be done. */
  async #sweep(kind: SweepKind, why: SweepWhy | 'first'): Promise<boolean> {
    const { client, namespace, report, now } = this.#options;
    const beganMs = now();
    try {
      const services = this.#services;
      // What is pushed may come later than a sidecar's question.
      const refreshed = kind === 'all' && why === 'demand' ? services.refresh() : undefined;
      const keys = await readNamespace(client, namespace.groups, {
        choose: (names) =>
          services
            .learn(names)
            .filter(
              ({ endpoints, unfollow }) =>
                unfollow === undefined && (kind === 'all' || endpoints === undefined),
            ),
        keyOf: ({ key }) => key,
        read: (service, list) => services.read(service, list),
        refused: (service, error) => services.refused(service, error),
      });
      await refreshed;
      if (services.isSteady()) services.prune(keys);
      this.#unread = undefined;
      report.metrics.swept(kind, why, (now() - beganMs) / 1000);
      return true;
    } catch (error) {
      report.metrics.swept(kind, why, 'failed');
      this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const reason = error instanceof Error ? error.message : String(error);
    // That no server answers is told by the client.
    const isTold = error instanceof NacosError && OF_CONNECTION.has(error.code);
    if (reason !== this.#unread && !isTold) this.#options.report.unread(reason);
    this.#unread = reason;
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    if (this.#isClosed) clearTimeout(timer);
    this.#retry = { timer, now: resolve };
    await promise;
    clearTimeout(timer);
    this.#retry = undefined;
  }
}

const OF_CONNECTION = new Set([
  'nacos_unreachable',
  'nacos_timeout',
  'nacos_credentials_refused',
  'nacos_closed',
]);
