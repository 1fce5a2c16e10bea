import type { InterestKey, MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { ServiceConfig } from '@lanekeeper/protocol/model';

/** What the mesh is, as all sources together say. The publisher reads it; nothing in it changes under a reader. */
export interface Catalog {
  mesh(): Versioned<MeshPart>;
  /** What gateways serve, of all sources; told to nobody else, for it has private keys. */
  edge(): Versioned<EdgeConfig>;
  /** False: some source has not been read yet, so that what is not known may be there all the same. */
  isWhole(): boolean;
  service(id: string): CatalogService | undefined;
  /** Ids of the services that a canonical key means, whoever may see them; in a stable order. */
  resolve(key: CanonicalKey): readonly string[];
  /**
   * Id of the service that an address belonged to last, where it belongs to none now: who connects to it all the same, because its
   * own list is old, means that service.
   */
  formerly(key: CanonicalKey): string | undefined;
  /** What in groups, lanes, routes and settings does not count or leads nowhere, as sentences. */
  findings(): readonly string[];
  /** Zone of the pod at `address`, where a source knows it. */
  zoneOf(address: string): string | undefined;
  /** Lane of the pod at `address` as the cluster has it, `base` for none; undefined: it knows no pod there, or none with a lane's name. */
  laneOf(address: string): string | undefined;
  /** Called after a change is in force. Returns the function that ends the subscription. */
  subscribe(listener: (change: CatalogChange) => void): () => void;
}

export interface Versioned<T> {
  /** Hash of the content: the same content has the same version in every replica and after every restart. */
  readonly version: string;
  readonly value: T;
  /** `value` as JSON, made once however many sidecars get it. */
  readonly json: string;
}

export interface CatalogService extends Versioned<ServiceConfig> {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  /** Who may see it: sidecars of these namespaces, or all. */
  readonly exportTo: '*' | ReadonlySet<string>;
}

/**
 * An interest as every sidecar would write it: `ip:10.0.0.1`, `host:b.shop` for whatever means the service `b` of the namespace
 * `shop` (`b`, `b.shop.svc`, `b.shop.svc.cluster.local`), any other host as it is.
 */
export type CanonicalKey = InterestKey;

export interface CatalogChange {
  readonly mesh: boolean;
  readonly edge: boolean;
  /** Keys that mean something else than before, or a service whose content changed; before and after. */
  readonly keys: ReadonlySet<CanonicalKey>;
  /** Addresses of pods whose lane is another one than before; absent: none. */
  readonly relaned?: ReadonlySet<string>;
}
