import type { DropReason } from '@lanekeeper/protocol/reasons';
import type { AppProtocol, EvidenceConfig, LaneMode, MeshSettings } from '@lanekeeper/protocol/model';
import type { CompiledRule } from '../lane/match-rule.ts';
import type { RuleSet } from '../lane/rule-set.ts';
import type { EdgeTable } from './edge/edge-table.ts';

/**
 * A mesh configuration compiled for look-ups in O(1). Immutable; a change makes a new one, which is swapped in whole, so one
 * decision never sees two generations.
 */
export interface Snapshot {
  /** Content hash of the configuration. */
  readonly generation: string;
  readonly settings: MeshSettings;
  /** `namespace/name`. */
  readonly services: ReadonlyMap<string, Service>;
  /** Lower-case host name without port. */
  readonly byHost: ReadonlyMap<string, Service>;
  /** `ip:port` of a ClusterIP or an endpoint; several where services share endpoints, the likeliest first. */
  readonly byAddress: ReadonlyMap<string, readonly AddressOwner[]>;
  /** Every lane that is declared or that some endpoint carries. */
  readonly laneNames: ReadonlySet<string>;
  /** Policy of services that belong to no group. */
  readonly defaultPolicy: LanePolicy;
  /** Colouring rules in the order in which they are asked. */
  readonly rules: readonly CompiledRule[];
  /** Group -> its rules in the same order; what the gateway colours with. */
  readonly rulesByGroup: ReadonlyMap<string, RuleSet>;
  /** App name of an entry workload -> what its inbound side colours with. */
  readonly rulesByEntry: ReadonlyMap<string, EntryRules>;
  /** What a gateway serves. */
  readonly edge: EdgeTable;
}

export interface EntryRules {
  /** For a service that belongs to no group. */
  readonly all: RuleSet;
  /** Those of the group's lanes and those beside lanes. */
  readonly byGroup: ReadonlyMap<string, RuleSet>;
  /** Those beside lanes: for groups whose lanes do not colour here. */
  readonly beside: RuleSet;
}

export interface AddressOwner {
  readonly servicePort: ServicePort;
  /** Set where the address is that of one endpoint; undefined for a virtual address. */
  readonly endpoint: Endpoint | undefined;
}

/** Mode, evidence and fallback chains of a lane group, shared by its services. */
export interface LanePolicy {
  /** Empty for services that belong to no group. */
  readonly group: string;
  readonly mode: LaneMode;
  readonly evidence: EvidenceConfig;
  readonly lanes: ReadonlyMap<string, LaneChains>;
}

export interface LaneChains {
  readonly fallback: readonly string[];
  /** Service id -> its own chain. */
  readonly serviceFallback: ReadonlyMap<string, readonly string[]>;
}

export interface Service {
  /** `namespace/name`. */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly policy: LanePolicy;
  readonly ports: ReadonlyMap<number, ServicePort>;
  /** Lane -> number of endpoints; shared by every hop record of this generation. */
  readonly candidates: Readonly<Record<string, number>>;
  /** Whether some endpoint carries a lane; a service with none takes no part in lanes. */
  readonly isInLanes: boolean;
}

export interface ServicePort {
  readonly service: Service;
  readonly port: number;
  readonly protocol: AppProtocol;
  /** Lane (or `base`) -> its endpoints on this port. */
  readonly subsets: ReadonlyMap<string, Subset>;
}

export interface Subset {
  readonly lane: string;
  readonly endpoints: readonly Endpoint[];
  /** Those that are healthy and have a weight. */
  readonly usable: readonly Endpoint[];
  /** The others, each with its reason. */
  readonly unusable: readonly Dropped[];
  /** `client-ip`: this sidecar keeps to one of them while it is usable. */
  readonly affinity?: 'client-ip' | undefined;
}

export interface Endpoint {
  /** `ip:port`; identity across generations. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** `base` for an endpoint without a lane label. */
  readonly lane: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly pod: string | undefined;
  readonly healthy: boolean;
  /** Why it is not healthy, where the source knows more than that. */
  readonly dropReason?: DropReason | undefined;
  /** Its other addresses, on the same port. */
  readonly aliases?: readonly string[] | undefined;
  readonly source: string;
}

/** An endpoint that is no candidate, and why. */
export interface Dropped {
  readonly endpoint: string;
  readonly reason: DropReason;
}
