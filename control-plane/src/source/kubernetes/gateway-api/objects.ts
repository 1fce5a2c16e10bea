import type { KubeMeta } from '../objects.ts';

/** What is kept of the Gateway API's objects: what is asked for, defaults filled in, and the status as it was read. */
export interface ApiObject {
  readonly meta: ApiMeta;
  /** As it stands there, for who writes a new one. */
  readonly status: unknown;
}

export interface ApiMeta extends KubeMeta {
  readonly generation: number;
  /** As RFC 3339 in UTC, so that they sort as texts; empty: unknown. */
  readonly createdAt: string;
}

export interface KubeGatewayClass extends ApiObject {
  readonly controllerName: string;
  readonly parametersRef: ObjectReference | undefined;
}

/** By group, kind and name; no namespace: that of the object that has it, or a kind that has none. */
export interface ObjectReference {
  /** Empty: the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface KubeGateway extends ApiObject {
  readonly className: string;
  readonly listeners: readonly KubeListener[];
  readonly addresses: readonly { readonly type: string; readonly value: string }[];
  readonly infrastructure: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly parametersRef: ObjectReference | undefined;
  };
  /** Wishes for TLS of the whole Gateway that are there, whatever they say. */
  readonly tls: { readonly frontend: boolean; readonly backend: boolean };
}

export interface KubeListener {
  readonly name: string;
  /** Lower-case; empty: any. */
  readonly hostname: string;
  readonly port: number;
  readonly protocol: string;
  readonly tls: { readonly mode: string; readonly certificateRefs: readonly ObjectReference[] } | undefined;
  readonly allowedRoutes: {
    readonly from: string;
    readonly selector: LabelSelector;
    /** Undefined: those that go with the protocol. */
    readonly kinds: readonly GroupKind[] | undefined;
  };
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export type RouteKind = 'HTTPRoute' | 'GRPCRoute';

export type KubeRoute = KubeHttpRoute | KubeGrpcRoute;

interface RouteObject<Match> extends ApiObject {
  readonly parentRefs: readonly ParentRef[];
  /** Lower-case; none: any. */
  readonly hostnames: readonly string[];
  readonly rules: readonly RouteRule<Match>[];
}

export interface KubeHttpRoute extends RouteObject<HttpMatch> {
  readonly kind: 'HTTPRoute';
}

export interface KubeGrpcRoute extends RouteObject<GrpcMatch> {
  readonly kind: 'GRPCRoute';
}

export interface ParentRef {
  /** As it is written, for the status. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}

export interface RouteRule<Match> {
  /** Empty: none. */
  readonly name: string;
  /** None: everything matches. */
  readonly matches: readonly Match[];
  readonly filters: readonly RouteFilter[];
  readonly backends: readonly BackendRef[];
  /** As written, `500ms`. */
  readonly timeouts: { readonly request: string | undefined; readonly backendRequest: string | undefined };
  /** Names of fields of the experimental channel that we do nothing about. */
  readonly unheeded: readonly string[];
}

/** `type` as the API has it. */
export interface NamedMatch {
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

export interface HttpMatch {
  readonly path: { readonly type: string; readonly value: string };
  readonly method: string | undefined;
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
}

export interface GrpcMatch {
  readonly method: { readonly type: string; readonly service: string; readonly method: string } | undefined;
  readonly headers: readonly NamedMatch[];
}

export interface BackendRef extends ObjectReference {
  readonly port: number | undefined;
  readonly weight: number;
  readonly filters: readonly RouteFilter[];
}

export type RouteFilter =
  | { readonly type: 'RequestHeaderModifier' | 'ResponseHeaderModifier'; readonly change: HeaderFilter }
  | ({ readonly type: 'RequestRedirect' } & RedirectFilter)
  | { readonly type: 'URLRewrite'; readonly hostname: string; readonly path: PathModifier | undefined }
  | { readonly type: 'RequestMirror'; readonly backend: BackendRef; readonly percent: number }
  | ({ readonly type: 'CORS' } & CorsFilter)
  /** What we do not know or do not do. */
  | { readonly type: 'unknown'; readonly name: string };

export interface HeaderFilter {
  readonly set: readonly NamedValue[];
  readonly add: readonly NamedValue[];
  readonly remove: readonly string[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export interface PathModifier {
  readonly type: string;
  readonly value: string;
}

export interface RedirectFilter {
  /** Empty, and undefined: as the request has it. */
  readonly scheme: string;
  readonly hostname: string;
  readonly path: PathModifier | undefined;
  readonly port: number | undefined;
  readonly statusCode: number;
}

export interface CorsFilter {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number;
}

export interface KubeReferenceGrant {
  readonly meta: KubeMeta;
  readonly from: readonly (GroupKind & { readonly namespace: string })[];
  /** No name: all of the kind. */
  readonly to: readonly (GroupKind & { readonly name: string | undefined })[];
}
