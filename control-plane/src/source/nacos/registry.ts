import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

/** One Nacos server (or cluster of servers) that the mesh is known from, as `nacos.yaml` has it, defaults filled in. */
export interface NacosRegistry {
  /** Unique among the registries. */
  readonly name: string;
  readonly servers: readonly SocketAddress[];
  readonly grpcPortOffset: number;
  readonly contextPath: string;
  readonly protocol: 'auto' | 'grpc' | 'http';
  readonly credentials: { readonly username: string; readonly passwordFile: string } | undefined;
  /** `caFile` undefined: the authorities that the system trusts. */
  readonly tls: { readonly caFile: string | undefined } | undefined;
  readonly namespaces: readonly NacosNamespace[];
  /** Only instances of these Nacos clusters; empty: of all. */
  readonly clusters: readonly string[];
  /** Metadata keys that name an instance's lane, the first that is there counts. */
  readonly laneKeys: readonly string[];
  /** Metadata keys that name its zone. */
  readonly zoneKeys: readonly string[];
  readonly recovery: RecoveryPolicy;
  readonly configuration: NacosConfigurationPlace | undefined;
}

export interface NacosNamespace {
  /** Empty: public. */
  readonly id: string;
  /** The mesh's namespace that its services belong to: where a Service of the same name is the same service. */
  readonly meshNamespace: string;
  readonly groups: readonly string[];
}

/**
 * A server that has lost its data answers with empty or half-filled lists until all instances have registered again. Where, right
 * after it came back, at least `missingShare` of the instances that were known are missing, they are kept for `holdMs`, or until
 * they are back.
 */
export interface RecoveryPolicy {
  /** 0: never. */
  readonly holdMs: number;
  readonly missingShare: number;
}

/** Lanes and rules as configurations: documents as in a mesh file, without services. */
export interface NacosConfigurationPlace {
  /** Nacos namespace id; empty: public. */
  readonly namespace: string;
  readonly group: string;
  /** `lanekeeper-<group>.yaml`, one for each lane group, or as the user names them. */
  readonly dataIds: readonly string[];
}
