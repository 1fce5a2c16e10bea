import type { EdgeConfig } from './edge.ts';
import type { DropReason } from './reasons.ts';

/**
 * The configuration of a mesh as a source hands it over: the file source reads it from YAML, the control plane sends it.
 * Everything is plain data, complete (defaults filled in) and immutable; a new one replaces the old one whole.
 */
export interface MeshConfig {
  readonly settings: MeshSettings;
  readonly services: readonly ServiceConfig[];
  readonly groups: readonly LaneGroupConfig[];
  readonly lanes: readonly LaneConfig[];
  /** Rules that stand beside lanes (OpenSergo's TrafficLabelRule); they colour at their entries only. */
  readonly colouring: readonly ColourRule[];
  readonly gateway: GatewayConfig;
  /** Ingress and Gateway API as a gateway serves them; absent where nobody declares any, and for everyone who is no gateway. */
  readonly edge?: EdgeConfig;
}

export interface MeshSettings {
  /** Baggage member that carries the lane; default `lane`. */
  readonly baggageKey: string;
  /** Whether `x-lanekeeper-explain: 1` is answered; default false. */
  readonly explainHeader: boolean;
  /** Further headers that link an outbound request to an inbound one, lower-case. */
  readonly traceHeaders: readonly string[];
  /** The header, lower-case, in which the edge says where a client is; what `regions` of a rule look at. Default `x-region`. */
  readonly regionHeader: string;
  /** Evidence policy and mode of services that belong to no group. */
  readonly mode: LaneMode;
  readonly evidence: EvidenceConfig;
  readonly balancing: Balancing;
}

/** `strict` refuses (503) where `permissive` takes the baseline: ambiguous evidence, a request that reached the wrong lane. */
export type LaneMode = 'permissive' | 'strict';

export interface EvidenceConfig {
  readonly trace: boolean;
  readonly inFlight: boolean;
  /** Foreign headers that carry a lane name, lower-case; read as evidence and re-emitted. */
  readonly bridge: readonly string[];
}

export interface Balancing {
  readonly policy: 'least-request' | 'round-robin';
  /** Prefer endpoints of the caller's own zone. */
  readonly zoneAware: boolean;
}

export type AppProtocol = 'auto' | 'http' | 'http2' | 'grpc' | 'tcp';

export interface ServiceConfig {
  readonly name: string;
  readonly namespace: string;
  /** Host names beside the ones that follow from name and namespace, lower-case, no port. */
  readonly hosts: readonly string[];
  /** Virtual addresses (ClusterIPs), no port. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePortConfig[];
  readonly endpoints: readonly EndpointConfig[];
  /** `client-ip`: one caller's requests stay with one endpoint of a subset while it is usable. Absent: none. */
  readonly affinity?: 'client-ip';
}

export interface ServicePortConfig {
  readonly port: number;
  readonly protocol: AppProtocol;
}

export interface EndpointConfig {
  readonly address: string;
  /** Service port -> port on this endpoint. A port of the service that is not among them is one that this endpoint does not have. */
  readonly ports: Readonly<Record<string, number>>;
  /** Absent: baseline. Never `base`. */
  readonly lane?: string;
  /** Relative share, 0 to 10,000; 0 receives nothing. */
  readonly weight: number;
  readonly zone?: string;
  readonly pod?: string;
  readonly healthy: boolean;
  /** Why it is not healthy, where the source knows more than that; absent: `unhealthy`. */
  readonly dropReason?: DropReason;
  /** Further addresses of the same endpoint (dual stack): known as destinations, not counted as candidates. */
  readonly aliases?: readonly string[];
  /** Which source knows it: `file`, `kubernetes`, `nacos`. */
  readonly source: string;
}

export interface ServiceRef {
  readonly name: string;
  readonly namespace: string;
}

export interface LaneGroupConfig {
  readonly name: string;
  readonly services: readonly ServiceRef[];
  readonly mode: LaneMode;
  readonly evidence: EvidenceConfig;
}

export interface LaneConfig {
  readonly name: string;
  readonly group: string;
  /** Lane names tried in order when the lane has no healthy endpoint; `[]` is none (503). Default `[base]`. */
  readonly fallback: readonly string[];
  /** Service (`name` or `namespace/name`) -> its own chain. */
  readonly serviceFallback: Readonly<Record<string, readonly string[]>>;
  /** Colours a request at an entry: any rule, all conditions of it. */
  readonly match: readonly MatchRule[];
  /** Workloads (`app` or `namespace/app`) whose inbound side colours, beside the gateway. */
  readonly entries: readonly string[];
  /** Larger first; equal: by lane name. */
  readonly priority: number;
  /** Labels of the pods that are of it, where an object says so: for the control plane, which tells endpoints their lanes. */
  readonly selector?: Readonly<Record<string, string>>;
}

export interface MatchRule {
  readonly hosts?: readonly string[];
  readonly paths?: readonly PathMatch[];
  readonly methods?: readonly string[];
  readonly headers?: Readonly<Record<string, ValueMatch>>;
  readonly cookies?: Readonly<Record<string, ValueMatch>>;
  readonly query?: Readonly<Record<string, ValueMatch>>;
  /** Values of the settings' `regionHeader`; any of them. */
  readonly regions?: readonly string[];
  /** Networks of the client, as CIDR or single addresses; any of them. */
  readonly sourceCidrs?: readonly string[];
  /** Share of keys that match, 0 to 100, in steps of 0.01: a hash of `key`, salted by the lane, so that raising it only adds. */
  readonly percent?: number;
  /** What `percent` hashes. Absent, or absent from the request: at a gateway a cookie that is set there, elsewhere no match. */
  readonly key?: StickyKey;
  /** It also colours a request that carries a trusted tag; default false. */
  readonly overwrite?: boolean;
}

export type StickyKey =
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string }
  | { readonly sourceIp: true };

export type PathMatch = { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

/** `regex`: RE2's syntax, the whole value; `range`: a number, both ends included, one may be open; `percent`: of the values' hashes. */
export type ValueMatch =
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly regex: string }
  | { readonly in: readonly string[] }
  | { readonly range: { readonly from?: number; readonly to?: number } }
  | { readonly percent: number }
  | { readonly present: boolean };

/** Colours at the inbound side of some workloads, apart from a lane's own rules. */
export interface ColourRule {
  /** For people: `TrafficLabelRule shop/beta-users`. */
  readonly name: string;
  readonly lane: string;
  /** Workloads: `app` or `namespace/app`. */
  readonly entries: readonly string[];
  readonly match: readonly MatchRule[];
  /** Among lanes' priorities; larger first. Of equal ones a lane's own rules come first. */
  readonly priority: number;
}

export interface GatewayConfig {
  /** Keep a lane tag that came from outside; default false: it is stripped. */
  readonly trustIncomingTag: boolean;
  readonly routes: readonly GatewayRoute[];
}

export interface GatewayRoute {
  /** Exact host names or `*.example.com`; `*` is any. */
  readonly hosts: readonly string[];
  /** Longest matching prefix wins; default `/`. */
  readonly pathPrefix: string;
  readonly service: ServiceRef;
  readonly port: number;
}
