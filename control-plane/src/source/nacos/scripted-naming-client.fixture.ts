import {
  DEFAULT_GROUP,
  type InstanceList,
  type NacosInstance,
  type ServiceKey,
} from '@lanekeeper/nacos/instance';
import { NacosError } from '@lanekeeper/nacos/nacos-error';
import type { NamingClient, NamingStatus } from '@lanekeeper/nacos/naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import { instance, listOf } from './convert/instances.fixture.ts';

type Listener = (list: InstanceList) => void;

/** A server and the client of one of its namespaces in one: it does what a test says, at once. */
export class ScriptedNamingClient implements NamingClient {
  readonly server: ServerOptions;
  /** Questions since the last look. */
  asked: string[] = [];
  isClosed = false;
  /** Whatever is asked for is answered only then. */
  gate: Promise<void> = Promise.resolve();
  readonly #lists = new Map<string, InstanceList>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #statusListeners = new Set<(status: NamingStatus) => void>();
  readonly #refusals = new Map<string, NacosError>();
  #status: NamingStatus = {
    ...{ state: 'connecting', sinceMs: 0, protocol: undefined, server: undefined },
    ...{ connections: 0, problem: 'no answer yet' },
  };

  constructor(server: ServerOptions) {
    this.server = server;
  }

  /** `orders`, or `GROUP@@orders`; addresses or instances. */
  set(service: string, ...instances: readonly (string | NacosInstance)[]): void {
    this.setList(service, listOf(...instances.map((one) => (typeof one === 'string' ? instance(one) : one))));
  }

  setList(service: string, list: InstanceList): void {
    const name = grouped(service);
    this.#lists.set(name, list);
    if (this.#status.state === 'connected') for (const tell of this.#listeners.get(name) ?? []) tell(list);
  }

  /** Those who follow it hear of it later. */
  setSilently(service: string, ...addresses: readonly string[]): void {
    this.#lists.set(grouped(service), listOf(...addresses.map((address) => instance(address))));
  }

  delete(service: string): void {
    this.#lists.delete(grouped(service));
  }

  /** What is asked of the service from now on, or of everything (`*`), fails. */
  refuse(service: string, error: NacosError | undefined): void {
    const name = service === '*' ? service : grouped(service);
    if (error === undefined) this.#refusals.delete(name);
    else this.#refusals.set(name, error);
  }

  connect(): void {
    this.#turn({ state: 'connected', connections: this.#status.connections + 1, problem: undefined });
    for (const [name, listeners] of this.#listeners) {
      for (const tell of listeners) tell(this.#list(name));
    }
  }

  lose(problem = 'connection refused'): void {
    this.#turn({ state: 'lost', problem });
  }

  /** Names of the services that somebody follows. */
  followed(): readonly string[] {
    return [...this.#listeners].filter(([, listeners]) => listeners.size > 0).map(([name]) => name);
  }

  async listServices(group: string): Promise<readonly string[]> {
    await this.#answer(`list ${group}`, '');
    const names = [...this.#lists.keys()].map((name) => name.split('@@'));
    return names.filter(([of]) => of === group).map(([, ...name]) => name.join('@@'));
  }

  async query({ group, name }: ServiceKey): Promise<InstanceList> {
    await this.#answer(`query ${name}`, `${group}@@${name}`);
    return this.#list(`${group}@@${name}`);
  }

  subscribe({ group, name }: ServiceKey, listener: Listener): () => void {
    const service = `${group}@@${name}`;
    const listeners = this.#listeners.get(service) ?? new Set();
    this.#listeners.set(service, listeners.add(listener));
    if (this.#status.state === 'connected') listener(this.#list(service));
    return () => void listeners.delete(listener);
  }

  async refresh({ group, name }: ServiceKey): Promise<void> {
    this.asked.push(`refresh ${name}`);
    await this.gate;
    const service = `${group}@@${name}`;
    if (this.#status.state !== 'connected') return;
    for (const tell of this.#listeners.get(service) ?? []) tell(this.#list(service));
  }

  status(): NamingStatus {
    return this.#status;
  }

  onStatus(listener: (status: NamingStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  #list(service: string): InstanceList {
    return this.#lists.get(service) ?? listOf();
  }

  async #answer(question: string, service: string): Promise<void> {
    this.asked.push(question);
    await this.gate;
    const refusal = this.#refusals.get(service) ?? this.#refusals.get('*');
    if (refusal !== undefined) throw refusal;
    if (this.#status.state !== 'connected') throw new NacosError('nacos_unreachable', 'no server answers');
  }

  #turn(status: Partial<NamingStatus>): void {
    this.#status = { ...this.#status, sinceMs: Date.UTC(2026, 0, 1), ...status };
    for (const listener of this.#statusListeners) listener(this.#status);
  }
}

function grouped(service: string): string {
  return service.includes('@@') ? service : `${DEFAULT_GROUP}@@${service}`;
}
