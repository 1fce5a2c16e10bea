import { serviceId } from '@lanekeeper/protocol/service-id';
import { normalizeService } from './normalize-service.ts';
import { bySource } from './precedence.ts';
import type { SourceService } from './source-service.ts';

interface Entry {
  readonly source: string;
  readonly service: SourceService;
}

const NOBODY: ReadonlySet<string> = new Set();

/** What each source says of each service, as it said it. */
export class SourceShelf {
  /** By service id, the source whose word counts first being first. */
  readonly #entries = new Map<string, readonly Entry[]>();
  /** Address -> ids of the services that a source other than Kubernetes knows to have an endpoint there. */
  readonly #byAddress = new Map<string, Set<string>>();

  /** In the order of precedence. */
  services(id: string): readonly SourceService[] {
    return (this.#entries.get(id) ?? []).map(({ service }) => service);
  }

  /** All that one source says. */
  saidBy(source: string): readonly SourceService[] {
    return [...this.#entries.values()].flatMap((entries) =>
      entries.filter((entry) => entry.source === source).map(({ service }) => service),
    );
  }

  /** Whether some of its endpoints are known by address only. */
  needsPodFacts(id: string): boolean {
    return (this.#entries.get(id) ?? []).some(({ source }) => source !== 'kubernetes');
  }

  /** Ids of the services whose endpoint at `address` is known by address only. */
  knowing(address: string): ReadonlySet<string> {
    return this.#byAddress.get(address) ?? NOBODY;
  }

  put(source: string, service: SourceService): void {
    const id = serviceId(service.config);
    const { exportTo } = service;
    const entry: Entry = { source, service: { config: normalizeService(service.config), exportTo } };
    this.#replace(id, source, [entry]);
  }

  remove(source: string, id: string): void {
    this.#replace(id, source, []);
  }

  #replace(id: string, source: string, now: readonly Entry[]): void {
    const entries = this.#entries.get(id) ?? [];
    const others = entries.filter((entry) => entry.source !== source);
    const all = [...others, ...now].sort(bySource);
    this.#forgetAddresses(id, entries);
    if (all.length === 0) this.#entries.delete(id);
    else this.#entries.set(id, all);
    this.#rememberAddresses(id, all);
  }

  #forgetAddresses(id: string, entries: readonly Entry[]): void {
    for (const address of bareAddresses(entries)) {
      const ids = this.#byAddress.get(address);
      ids?.delete(id);
      if (ids?.size === 0) this.#byAddress.delete(address);
    }
  }

  #rememberAddresses(id: string, entries: readonly Entry[]): void {
    for (const address of bareAddresses(entries)) {
      const ids = this.#byAddress.get(address);
      if (ids === undefined) this.#byAddress.set(address, new Set([id]));
      else ids.add(id);
    }
  }
}

function bareAddresses(entries: readonly Entry[]): ReadonlySet<string> {
  const known = entries.filter(({ source }) => source !== 'kubernetes');
  return new Set(known.flatMap(({ service }) => service.config.endpoints.map(({ address }) => address)));
}
