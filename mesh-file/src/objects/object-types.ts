import type { EvidenceConfig, LaneMode, MatchRule, ServiceRef } from '@lanekeeper/protocol/model';

/** The group of Lanekeeper's own custom resources, and the one of OpenSergo's that are read beside them. */
export const LANEKEEPER_API = 'lanekeeper.io/v1alpha1';
export const OPENSERGO_API = 'traffic.opensergo.io/v1alpha1';

/** Objects that people declare, checked and with their defaults; plain data, whichever way they came. */
export type MeshObject =
  LaneGroupObject | LaneObject | GatewayConfigObject | TrafficLabelRuleObject | WorkloadLabelRuleObject;

export type ObjectKind = MeshObject['kind'];

export const OBJECT_API: Readonly<Record<ObjectKind, string>> = {
  LaneGroup: LANEKEEPER_API,
  Lane: LANEKEEPER_API,
  GatewayConfig: LANEKEEPER_API,
  TrafficLabelRule: OPENSERGO_API,
  WorkloadLabelRule: OPENSERGO_API,
};

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** What only an API server gives; absent in files. */
  readonly uid?: string;
  readonly generation?: number;
  /** Milliseconds since 1970. */
  readonly createdAt?: number;
  /** Somebody has asked to delete it; finalizers keep it. */
  readonly isBeingDeleted?: true;
}

export interface LaneGroupObject {
  readonly kind: 'LaneGroup';
  readonly meta: ObjectMeta;
  readonly spec: LaneGroupSpec;
}

export interface LaneGroupSpec {
  readonly services: readonly GroupMember[];
  /** Absent: as the mesh's settings say. */
  readonly mode?: LaneMode;
  /** What is absent is as the mesh's settings say. */
  readonly evidence: Partial<EvidenceConfig>;
}

export interface GroupMember extends ServiceRef {
  /** Where it is expected to be registered (`kubernetes`, `nacos`); it does not choose, a status says where it is not. */
  readonly registry?: string;
}

export interface LaneObject {
  readonly kind: 'Lane';
  /** The name is the lane's, as the tag on the wire has it. */
  readonly meta: ObjectMeta;
  readonly spec: LaneSpec;
}

export interface LaneSpec {
  /** Name of a LaneGroup of the same namespace. */
  readonly group: string;
  /** Labels of the pods that are of this lane. Absent: `lanekeeper.io/lane: <name>` and what else names a pod's lane. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly fallback: readonly string[];
  /** Service (`name` of the group's, or `namespace/name`) -> its own chain. */
  readonly serviceFallback: Readonly<Record<string, readonly string[]>>;
  readonly match: readonly MatchRule[];
  /** Workloads at whose inbound side the rules colour, beside gateways: `app` (of the lane's namespace) or `namespace/app`. */
  readonly entries: readonly string[];
  readonly priority: number;
  /** Absent: it does not expire. */
  readonly ttlSeconds?: number;
}

/** What an IngressClass refers to in its parameters. */
export interface GatewayConfigObject {
  readonly kind: 'GatewayConfig';
  readonly meta: ObjectMeta;
  readonly spec: GatewayConfigSpec;
}

export interface GatewayConfigSpec {
  /** Absent: as the chart says. */
  readonly replicas?: { readonly min: number; readonly max: number };
  /** The ports that clients see; absent: nothing is served that way. */
  readonly http?: { readonly port: number };
  readonly https?: {
    readonly port: number;
    /** The Secret for names that no Ingress has one for; absent: they get none. */
    readonly secret?: ServiceRef;
  };
  /** Networks; empty: all. */
  readonly allow: readonly string[];
  /** Networks; stronger than `allow`. */
  readonly deny: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly trustIncomingTag: boolean;
  readonly proxyProtocol: boolean;
  /** Share of requests without a trace that begin a sampled one, 0 to 100; absent: none is begun. */
  readonly sampleRate?: number;
}

/** OpenSergo, generation 1: requests at workloads of one app that match all of it are of a lane. */
export interface TrafficLabelRuleObject {
  readonly kind: 'TrafficLabelRule';
  readonly meta: ObjectMeta;
  readonly spec: {
    /** App (of the rule's namespace) at whose inbound side it colours. */
    readonly app: string;
    readonly lane: string;
    readonly match: MatchRule;
  };
}

/** OpenSergo, generation 1: pods are of a lane. */
export interface WorkloadLabelRuleObject {
  readonly kind: 'WorkloadLabelRule';
  readonly meta: ObjectMeta;
  readonly spec: WorkloadLabelSpec;
}

export type WorkloadLabelSpec =
  | {
      readonly target: 'workloads';
      readonly lane: string;
      /** Absent: any app. */
      readonly app?: string;
      /** Further labels of the pods. */
      readonly labels: Readonly<Record<string, string>>;
    }
  /** It labels databases or tables: accepted, and without effect until there are lanes in data. */
  | { readonly target: 'data'; readonly selector: Readonly<Record<string, string>> };

/** `Lane shop/gray`, for people. */
export function describeObject({
  kind,
  meta,
}: Pick<MeshObject, 'kind'> & { meta: Pick<ObjectMeta, 'name' | 'namespace'> }): string {
  return `${kind} ${meta.namespace}/${meta.name}`;
}
