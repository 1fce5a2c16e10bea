import type { Log } from '@lanekeeper/runtime/log';
import type { AccessToken } from '../access-token.ts';
import type { InstanceList, ServiceKey } from '../instance.ts';
import { NacosError } from '../nacos-error.ts';
import type { NamingClient, NamingStatus } from '../naming-client.ts';
import type { ServerOptions } from '../server-options.ts';
import { clientIp } from './client-ip.ts';
import { keepConnection, type ConnectionKeeper } from './connection-keeper.ts';
import { createLinkStatus, type LinkStatus } from './link-status.ts';
import { createNamingCalls, type NamingCalls } from './naming-calls.ts';
import { NO_REPORT, type NamingReport } from './naming-report.ts';
import { createRefusalLog } from '../refusal-log.ts';
import { createServerRotation } from './server-rotation.ts';
import { Subscriptions } from './subscriptions.ts';
import { GRPC_TIMINGS, type GrpcTimings } from './timings.ts';

export interface GrpcNamingDependencies {
  /** Who closes the client closes it afterwards. */
  readonly token: AccessToken;
  readonly log: Log;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly nowMs?: () => number;
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number;
  readonly metrics?: NamingReport;
  readonly timings?: GrpcTimings;
}

/**
 * Reads services by the protocol of Nacos 2 and newer: one connection, on which the server pushes what changes. The lists are the
 * server's: a service's disabled instances are not among them (2.2.4 leaves them out of pushes and answers alike).
 */
export function openGrpcNamingClient(options: ServerOptions, deps: GrpcNamingDependencies): NamingClient {
  const { token, log, nowMs = Date.now, random = Math.random, metrics = NO_REPORT } = deps;
  const timings = deps.timings ?? GRPC_TIMINGS;
  const who = { registry: options.name, user: options.credentials?.username };
  const refusals = createRefusalLog(log, who);
  const status = createLinkStatus({ options, log, nowMs });
  const calls = createNamingCalls({
    ...{ namespace: options.namespace, token },
    describe: (error) => status.describe(error),
  });
  const subscriptions = new Subscriptions({ calls, report: metrics, refusals, timings, random });
  const keeper = keepConnection({
    ...{ options, token, status, timings, random, clientIp: clientIp() },
    rotation: createServerRotation(options.servers, random),
    onPush: (body) => subscriptions.push(body),
    onConnected: (connection) => subscriptions.begin(connection),
  });
  return new GrpcNamingClient({ calls, subscriptions, status, keeper, log });
}

interface Parts {
  readonly calls: NamingCalls;
  readonly subscriptions: Subscriptions;
  readonly status: LinkStatus;
  readonly keeper: ConnectionKeeper;
  readonly log: Log;
}

class GrpcNamingClient implements NamingClient {
  readonly #parts: Parts;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async listServices(group: string): Promise<readonly string[]> {
    const { calls, keeper } = this.#parts;
    return calls.listServices(await keeper.connection(), group);
  }

  async query(service: ServiceKey): Promise<InstanceList> {
    const { calls, keeper } = this.#parts;
    return calls.query(await keeper.connection(), service);
  }

  subscribe(service: ServiceKey, listener: (list: InstanceList) => void): () => void {
    if (this.#isClosed) throw new NacosError('nacos_closed', 'this Nacos client has been closed');
    return this.#parts.subscriptions.add(service, this.#guarded(listener));
  }

  refresh(service: ServiceKey): Promise<void> {
    return this.#parts.subscriptions.refresh(service);
  }

  status(): NamingStatus {
    return this.#parts.status.current();
  }

  onStatus(listener: (status: NamingStatus) => void): () => void {
    return this.#parts.status.onChange(this.#guarded(listener));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#parts.status.close();
    this.#parts.subscriptions.close();
    this.#parts.keeper.close();
  }

  /** A listener that throws is a mistake of ours; it must not cost the connection or the other listeners. */
  #guarded<T>(listener: (told: T) => void): (told: T) => void {
    return (told) => {
      if (this.#isClosed) return;
      try {
        listener(told);
      } catch (error) {
        this.#parts.log.error({ err: error }, 'nacos_listener_failed');
      }
    };
  }
}
