import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { ipKey } from './canonical-key.ts';
import type { CanonicalKey, Catalog, CatalogChange, CatalogService, Versioned } from './catalog.ts';
import { FormerKeys } from './former-keys.ts';
import { KeyIndex } from './key-index.ts';
import { laneDisputes, type LaneDispute } from './lane-disputes.ts';
import { withoutDraining, withPodFacts } from './merge-endpoints.ts';
import { mergeMeshParts } from './merge-mesh-parts.ts';
import { mergeServices, withEndpoints } from './merge-services.ts';
import { DEFAULT_MESH_PART, LaneCensus, unknownServices, withImplicitLanes } from './mesh-part.ts';
import type { MergedPart, SourcePart } from './source-part.ts';
import { keysOf } from './service-keys.ts';
import type { PodLookup, SourceChange } from './source-service.ts';
import { SourceShelf } from './source-shelf.ts';
import { catalogService, isSameService, VersionedValue } from './versioned.ts';

const NOWHERE: ReadonlySet<string> = new Set();
const NO_EDGE: EdgeConfig = { listeners: [], certificates: {} };

export interface CatalogOptions {
  /** `cluster.local` in most clusters. */
  readonly clusterDomain: string;
  /** What the cluster knows of pods that other sources know by address only. */
  readonly podAt?: PodLookup;
}

/** A catalog that sources write to. */
export interface CatalogWriter extends Catalog {
  /** Puts a change in force, then tells the subscribers. False: it says nothing new. */
  apply(change: SourceChange): boolean;
  /** The catalog is not whole until the returned function is called. */
  expectMore(): () => void;
  /** Nobody is sent to endpoints at these addresses any more, whatever sources say of them; to those of before again. */
  drain(addresses: ReadonlySet<string>): void;
  /** Instances of Nacos whose pods are of other lanes than it says. */
  laneDisputes(): readonly LaneDispute[];
}

export function createCatalog(options: CatalogOptions): CatalogWriter {
  return new MergedCatalog(options);
}

class MergedCatalog implements CatalogWriter {
  readonly #options: CatalogOptions;
  readonly #shelf = new SourceShelf();
  readonly #services = new Map<string, CatalogService>();
  readonly #keys = new KeyIndex();
  readonly #former = new FormerKeys();
  readonly #lanes = new LaneCensus();
  /** By source and document. */
  readonly #parts = new Map<string, SourcePart>();
  /** What is still to come. */
  readonly #expected = new Set<object>();
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  #merged: MergedPart = { part: DEFAULT_MESH_PART, findings: [] };
  #mesh: Versioned<MeshPart> = new VersionedValue(DEFAULT_MESH_PART);
  #edge: Versioned<EdgeConfig> = new VersionedValue(NO_EDGE);
  #draining: ReadonlySet<string> = new Set();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  mesh(): Versioned<MeshPart> {
    return this.#mesh;
  }

  edge(): Versioned<EdgeConfig> {
    return this.#edge;
  }

  isWhole(): boolean {
    return this.#expected.size === 0;
  }

  expectMore(): () => void {
    const expected = {};
    this.#expected.add(expected);
    return () => {
      if (!this.#expected.delete(expected) || !this.isWhole()) return;
      // What was left as it was while not everything was known may concern everybody.
      for (const listener of this.#listeners) listener({ mesh: true, edge: true, keys: new Set() });
    };
  }

  service(id: string): CatalogService | undefined {
    return this.#services.get(id);
  }

  resolve(key: CanonicalKey): readonly string[] {
    return this.#keys.resolve(key);
  }

  formerly(key: CanonicalKey): string | undefined {
    return this.#former.idOf(key);
  }

  findings(): readonly string[] {
    return [...this.#merged.findings, ...unknownServices(this.#merged.part, this.#services)];
  }

  zoneOf(address: string): string | undefined {
    const zone = this.#options.podAt?.(address)?.zone;
    if (zone !== undefined) return zone;
    for (const id of this.resolve(ipKey(address))) {
      const found = this.#services
        .get(id)
        ?.value.endpoints.find((endpoint) => endpoint.zone !== undefined && endpoint.address === address);
      if (found !== undefined) return found.zone;
    }
    return undefined;
  }

  laneOf(address: string): string | undefined {
    const facts = this.#options.podAt?.(address);
    return facts === undefined || facts.isMisnamed ? undefined : (facts.lane ?? BASELINE);
  }

  subscribe(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  apply(change: SourceChange): boolean {
    return this.#renewAll(this.#shelve(change), change);
  }

  drain(addresses: ReadonlySet<string>): void {
    const before = this.#draining;
    this.#draining = new Set(addresses);
    const moved = [...before, ...addresses].filter(
      (address) => before.has(address) !== addresses.has(address),
    );
    this.#renewAll(new Set(moved.flatMap((address) => this.resolve(ipKey(address)))), {});
  }

  laneDisputes(): readonly LaneDispute[] {
    const { podAt } = this.#options;
    return podAt === undefined ? [] : laneDisputes(this.#shelf.saidBy('nacos'), podAt);
  }

  #renewAll(touched: ReadonlySet<string>, said: Pick<SourceChange, 'mesh' | 'edge' | 'relaned'>): boolean {
    const keys = new Set<CanonicalKey>();
    let lanesChanged = false;
    for (const id of touched) lanesChanged = this.#renew(id, keys) || lanesChanged;
    const mesh = (said.mesh !== undefined || lanesChanged) && this.#renewMesh();
    const edge = said.edge !== undefined && this.#renewEdge(said.edge);
    const { relaned = NOWHERE } = said;
    if (!mesh && !edge && keys.size === 0 && relaned.size === 0) return false;
    const change = { mesh, edge, keys, ...(relaned.size === 0 ? {} : { relaned }) };
    for (const listener of this.#listeners) listener(change);
    return true;
  }

  /** Ids of the services that may be others now. */
  #shelve(change: SourceChange): ReadonlySet<string> {
    const { source, put, removed, addresses = [], mesh, document = '' } = change;
    if (mesh !== undefined) {
      this.#parts.set(`${source} ${document}`, { source, document, part: mesh });
      this.#merged = mergeMeshParts([...this.#parts.values()]);
    }
    const touched = new Set<string>(removed);
    for (const id of removed) this.#shelf.remove(source, id);
    for (const service of put) {
      this.#shelf.put(source, service);
      touched.add(serviceId(service.config));
    }
    for (const address of addresses) {
      for (const id of this.#shelf.knowing(address)) touched.add(id);
    }
    return touched;
  }

  /** Makes the service anew and adds the keys that are concerned if it is another one; whether lanes came or went by it. */
  #renew(id: string, keys: Set<CanonicalKey>): boolean {
    const before = this.#services.get(id);
    const after = this.#merge(id);
    if (isSameService(before, after)) return false;
    // Whoever asked for an address that it had is told of it as well.
    for (const key of this.#former.keysOf(id)) keys.add(key);
    const left = before === undefined ? [] : this.#takeOut(before, keys);
    if (after === undefined) this.#former.forget(id);
    else {
      this.#putIn(after, keys);
      this.#rememberLeft(left, id);
    }
    return this.#lanes.replace(before?.value, after?.value);
  }

  #merge(id: string): CatalogService | undefined {
    const merged = mergeServices(this.#shelf.services(id));
    if (merged === undefined) return undefined;
    const { endpoints } = merged.config;
    const { podAt } = this.#options;
    const known =
      podAt === undefined || !this.#shelf.needsPodFacts(id) ? endpoints : withPodFacts(endpoints, podAt);
    const standing = withoutDraining(known, this.#draining);
    return catalogService(standing === endpoints ? merged : withEndpoints(merged, standing));
  }

  #rememberLeft(keys: Iterable<CanonicalKey>, id: string): void {
    for (const key of keys) {
      if (key.startsWith('ip:') && this.#keys.resolve(key).length === 0) this.#former.add(key, id);
    }
  }

  /** Returns its keys. */
  #takeOut(service: CatalogService, keys: Set<CanonicalKey>): ReadonlySet<CanonicalKey> {
    const own = keysOf(service.value, this.#options.clusterDomain);
    this.#services.delete(service.id);
    this.#keys.remove(service.id, own);
    for (const key of own) keys.add(key);
    return own;
  }

  #putIn(service: CatalogService, keys: Set<CanonicalKey>): void {
    const own = keysOf(service.value, this.#options.clusterDomain);
    this.#services.set(service.id, service);
    this.#keys.add(service.id, own);
    for (const key of own) {
      keys.add(key);
      this.#former.remove(key);
    }
  }

  /** One source at most knows of an edge. */
  #renewEdge(edge: EdgeConfig): boolean {
    const next = new VersionedValue(edge);
    if (next.version === this.#edge.version) return false;
    this.#edge = next;
    return true;
  }

  #renewMesh(): boolean {
    const mesh = new VersionedValue(withImplicitLanes(this.#merged.part, this.#lanes.names()));
    if (mesh.version === this.#mesh.version) return false;
    this.#mesh = mesh;
    return true;
  }
}
