import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import { SERVICES } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';
import type { GatewayServiceType } from '../../../../config.ts';
import type { KubeGateway } from '../objects.ts';
import type { PlacedService } from './gateway-places.ts';
import { isApplied, planService, type ServicePlan } from './plan-service.ts';

export interface GatewayServicesOptions {
  readonly client: Pick<ApiClient, 'patch' | 'delete'>;
  readonly isLeader: () => boolean;
  /** Where gateway pods are, and the Services with them. */
  readonly namespace: string;
  readonly type: GatewayServiceType;
  readonly log: Log;
}

/** What is there and what is wanted at one moment. */
export interface ServiceWishes {
  /** Gateways that are served, by `namespace/name`. */
  readonly served: ReadonlyMap<string, KubeGateway>;
  /** Of Gateways that are there but cannot be served now; they keep theirs, and with it their address. */
  readonly kept: ReadonlySet<string>;
  readonly present: ReadonlyMap<string, PlacedService>;
}

const RETRY = { baseMs: 500, maxMs: 30_000 };
const FIELD_MANAGER = 'lanekeeper-control-plane';

/** Sees to it, as the leader, that each Gateway has its Service and no other is left. One write at a time. */
export class GatewayServices {
  readonly #options: GatewayServicesOptions;
  /** Written, and perhaps not yet seen by the watch: its ports are taken all the same. */
  readonly #written = new Map<string, ServicePlan>();
  #wishes: ServiceWishes | undefined;
  #isWorking = false;
  #isStale = false;
  #isStopped = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GatewayServicesOptions) {
    this.#options = options;
  }

  want(wishes: ServiceWishes): void {
    this.#wishes = wishes;
    for (const [key, plan] of this.#written) {
      if (!wishes.served.has(key) || isApplied(plan, wishes.present.get(key))) this.#written.delete(key);
    }
    this.work();
  }

  /** Looks again, for the replica may lead now. */
  work(): void {
    this.#isStale = true;
    if (!this.#isWorking && this.#timer === undefined) void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#isWorking = true;
    try {
      while (this.#isStale && this.#mayWrite()) {
        this.#isStale = false;
        await this.#pass();
      }
      this.#failures = 0;
    } catch (err) {
      this.#fail(err);
    }
    this.#isWorking = false;
  }

  #mayWrite(): boolean {
    return !this.#isStopped && this.#options.isLeader();
  }

  /** Ends early where something else is wanted meanwhile. */
  async #pass(): Promise<void> {
    const wishes = this.#wishes;
    if (wishes === undefined) return;
    for (const [key, gateway] of wishes.served) {
      const plan = planService(gateway, wishes.present.get(key), {
        ...this.#options,
        taken: this.#takenBeside(key, wishes),
      });
      if (isApplied(plan, wishes.present.get(key)) || this.#isWritten(key, plan)) continue;
      if (!this.#mayWrite() || this.#isStale) return;
      await this.#apply(key, plan);
    }
    for (const [key, { service }] of wishes.present) {
      if (wishes.served.has(key) || wishes.kept.has(key)) continue;
      if (!this.#mayWrite() || this.#isStale) return;
      await this.#remove(key, service.meta.name);
    }
  }

  #isWritten(key: string, plan: ServicePlan): boolean {
    const written = this.#written.get(key);
    return written !== undefined && JSON.stringify(written.manifest) === JSON.stringify(plan.manifest);
  }

  #takenBeside(key: string, { present }: ServiceWishes): ReadonlySet<number> {
    const ports = [...present, ...this.#written].flatMap(([other, { targetPorts }]) =>
      other === key ? [] : [...targetPorts.values()],
    );
    return new Set(ports);
  }

  async #apply(key: string, plan: ServicePlan): Promise<void> {
    const { client, namespace, log } = this.#options;
    await client.patch(
      { resource: SERVICES, namespace, name: plan.name },
      { type: 'apply', body: plan.manifest, fieldManager: FIELD_MANAGER, force: true },
    );
    this.#written.set(key, plan);
    log.info(
      { gateway: key, service: plan.name, ports: Object.fromEntries(plan.targetPorts) },
      'gateway_service_applied',
    );
  }

  async #remove(key: string, name: string): Promise<void> {
    const { client, namespace, log } = this.#options;
    try {
      await client.delete({ resource: SERVICES, namespace, name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    log.info({ gateway: key, service: name }, 'gateway_service_removed');
  }

  #fail(err: unknown): void {
    if (this.#isStopped) return;
    if (this.#failures === 0) this.#options.log.warn({ err }, 'gateway_service_not_written');
    this.#isStale = true;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#run();
      },
      backoffMs(this.#failures, RETRY),
    );
    this.#timer.unref();
    this.#failures += 1;
  }
}
