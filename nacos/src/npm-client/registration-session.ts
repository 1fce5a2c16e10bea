import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@lanekeeper/runtime/log';
import type { NacosApi } from '../http/nacos-api.ts';
import { groupedName } from '../http/naming-reads.ts';
import { NacosError, type NacosErrorCode } from '../nacos-error.ts';
import type { Registration } from '../registrar.ts';
import { InstanceCarrier, instanceKey } from './instance-carrier.ts';
import type { PackageInstance, PackageNamingClient } from './load-package.ts';
import { OutageGate } from './outage-gate.ts';
import { openPackageNamingClient } from './package-naming-client.ts';
import type { Troubles } from './troubles.ts';

export interface SessionParts {
  readonly api: NacosApi;
  readonly namespace: string;
  readonly log: Log;
  readonly troubles: Troubles;
}

/** An instance that this process looks after. */
interface Kept {
  readonly key: string;
  registration: Registration;
  /** To be registered, or to be taken out. */
  isWanted: boolean;
  /** The server has been told what is wanted. */
  isSettled: boolean;
  isBeingSettled: boolean;
}

/** The trouble of all instances. */
const SERVER = 'reach the server';
const OF_SERVER: readonly NacosErrorCode[] = [
  'nacos_unreachable',
  'nacos_timeout',
  'nacos_credentials_refused',
];
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** From the first `keep` to a `release`: what is kept, and the package's client that registers and beats. */
export class RegistrationSession {
  readonly #parts: SessionParts;
  readonly #ended = new AbortController();
  readonly #kept = new Map<string, Kept>();
  readonly #gate = new OutageGate();
  readonly #carrier: InstanceCarrier;
  readonly #client: Promise<PackageNamingClient>;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#carrier = new InstanceCarrier({
      ...{ api: parts.api, signal: this.#ended.signal },
      isAlive: (key) => this.#isAlive(key),
      onBeat: (key, error) => this.#onBeat(key, error),
    });
    const { namespace, log } = parts;
    this.#client = openPackageNamingClient({ carrier: this.#carrier, namespace, log });
    // Whoever uses it hears of it.
    this.#client.catch(() => undefined);
  }

  keep(registrations: readonly Registration[]): void {
    const wanted = new Map(registrations.map((registration) => [keyOf(registration), registration]));
    for (const kept of this.#kept.values()) if (!wanted.has(kept.key)) this.#want(kept, false);
    for (const [key, registration] of wanted) {
      const kept = this.#kept.get(key) ?? this.#add(key, registration);
      if (kept.isWanted && isSame(kept.registration, registration)) continue;
      kept.registration = registration;
      this.#want(kept, true);
    }
    for (const kept of this.#kept.values()) void this.#settle(kept);
  }

  async withdraw(registration: Registration): Promise<void> {
    const key = keyOf(registration);
    const kept = this.#kept.get(key) ?? this.#add(key, registration);
    this.#want(kept, false);
    try {
      await this.#tell(kept);
    } catch (error) {
      const known = this.#told(kept, error);
      void this.#settle(kept);
      throw known;
    }
  }

  /** Nothing is sent any more; nothing is deregistered. */
  end(): void {
    this.#ended.abort();
    this.#kept.clear();
    this.#parts.api.close();
    // It waits for its own pauses; nobody has to wait for that.
    void this.#client.then((client) => client.close()).catch(() => undefined);
  }

  #add(key: string, registration: Registration): Kept {
    const kept = { key, registration, isWanted: false, isSettled: false, isBeingSettled: false };
    this.#kept.set(key, kept);
    return kept;
  }

  #want(kept: Kept, isWanted: boolean): void {
    kept.isWanted = isWanted;
    kept.isSettled = false;
  }

  #isAlive(key: string): boolean {
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.isWanted && kept.isSettled;
  }

  /** Until the server has what is wanted, whatever that has become meanwhile. */
  async #settle(kept: Kept): Promise<void> {
    if (kept.isBeingSettled) return;
    kept.isBeingSettled = true;
    const { signal } = this.#ended;
    for (let failures = 0; !kept.isSettled && !signal.aborted;) {
      const leave = await this.#gate.enter(signal);
      const pauseMs = signal.aborted || kept.isSettled ? 0 : await this.#try(kept, failures).finally(leave);
      leave();
      if (pauseMs === 0) continue;
      failures += 1;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    kept.isBeingSettled = false;
  }

  /** How long to wait before the next try; 0: not at all, or as the gate says. */
  async #try(kept: Kept, failures: number): Promise<number> {
    try {
      await this.#tell(kept);
      return 0;
    } catch (error) {
      const { code } = this.#told(kept, error);
      return OF_SERVER.includes(code) ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    }
  }

  async #tell(kept: Kept): Promise<void> {
    const { isWanted, registration } = kept;
    const client = await this.#client;
    const { service } = registration;
    const instance = instanceOf(registration);
    await (isWanted
      ? client.registerInstance(service.name, instance, service.group)
      : client.deregisterInstance(service.name, instance, service.group));
    this.#gate.open();
    this.#parts.troubles.end(SERVER);
    this.#parts.troubles.end(kept.key);
    // Something else may be wanted by now.
    if (kept.registration !== registration || kept.isWanted !== isWanted) return;
    kept.isSettled = true;
    if (!isWanted && this.#kept.get(kept.key) === kept) this.#kept.delete(kept.key);
  }

  #told(kept: Kept, error: unknown): NacosError {
    const known = this.#carrier.takeFailure(kept.key) ?? asNacosError(error, kept.key);
    if (!this.#ended.signal.aborted) this.#failed(kept.key, known);
    return known;
  }

  #failed(key: string, error: NacosError): void {
    const isOfServer = OF_SERVER.includes(error.code);
    this.#parts.troubles.begin(isOfServer ? SERVER : key, error);
    if (!isOfServer) return this.#gate.open();
    this.#gate.shut();
    // A server that comes back may have lost what it was told.
    for (const kept of this.#kept.values()) {
      kept.isSettled = false;
      void this.#settle(kept);
    }
  }

  #onBeat(key: string, error: NacosError | undefined): void {
    const kept = this.#kept.get(key);
    if (kept === undefined || error === undefined || this.#ended.signal.aborted) return;
    kept.isSettled = false;
    if (OF_SERVER.includes(error.code)) this.#failed(key, error);
    else void this.#settle(kept);
  }
}

function keyOf({ service, ip, port }: Registration): string {
  return instanceKey({ service: groupedName(service), ip, port });
}

function isSame(one: Registration, other: Registration): boolean {
  const told = ({ weight, cluster, metadata }: Registration): string =>
    JSON.stringify([weight, cluster, Object.entries(metadata).toSorted()]);
  return told(one) === told(other);
}

function instanceOf({ ip, port, weight, cluster, metadata }: Registration): PackageInstance {
  return {
    ...{ ip, port, weight: String(weight), clusterName: cluster, metadata },
    ...{ ephemeral: true, healthy: true, enabled: true },
  };
}

function asNacosError(error: unknown, key: string): NacosError {
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof NacosError
    ? error
    : new NacosError('nacos_refused', `cannot look after ${key}: ${why}`);
}
