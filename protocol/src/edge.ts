import type { PathMatch, ServiceRef, ValueMatch } from './model.ts';

/**
 * What a gateway listens on and where requests go from there: Ingress and Gateway API, translated. Only gateways are told. Plain
 * data, complete and immutable, like the rest of the model; it is in the order in which it is to be asked.
 */
export interface EdgeConfig {
  readonly listeners: readonly EdgeListener[];
  /** By id (`namespace/name` of the Secret). */
  readonly certificates: Readonly<Record<string, EdgeCertificate>>;
}

export interface EdgeCertificate {
  /** PEM, the leaf first. */
  readonly certificate: string;
  /** PEM. Shown nowhere. */
  readonly key: string;
}

export interface EdgeListener {
  /** Unique, for people: `Gateway shop/edge: https`, `IngressClass lanekeeper: http`. */
  readonly name: string;
  /** Where pods of the gateway bind; several listeners may share one, told apart by `host`. */
  readonly port: number;
  /** What clients see (the Service's port), for redirects and `x-forwarded-port`. */
  readonly publicPort: number;
  readonly protocol: 'http' | 'https';
  /** Requests (and SNI names) that it is for: `www.example.com`, `*.example.com` or `*`. The most specific one of a port wins. */
  readonly host: string;
  /** Ids. A server name that none of them is for gets no certificate but a TLS alert. Empty with http. */
  readonly certificates: readonly string[];
  readonly policy: EdgePolicy;
  readonly hosts: readonly EdgeHost[];
}

/** Who may come, and what is believed of them. */
export interface EdgePolicy {
  /** Keep a lane tag that came from outside; default false. */
  readonly trustIncomingTag: boolean;
  /** Networks whose `x-forwarded-*` are believed; the client's address is the last one that is not of these. */
  readonly trustedProxies: readonly string[];
  /** Each connection begins with a PROXY protocol header (v1 or v2); one without it is closed. */
  readonly proxyProtocol: boolean;
  /** Networks; empty: all. */
  readonly allow: readonly string[];
  /** Networks; stronger than `allow`. */
  readonly deny: readonly string[];
  /** Per cent, 0 to 100: each request without a trace begins one, and so many of these are sampled. Absent: none begins for that. */
  readonly traceSampleRate?: number;
}

export interface EdgeHost {
  /** `www.example.com`, `*.example.com` (one or more labels) or `*`. The most specific one whose rules match wins. */
  readonly host: string;
  /** In order of precedence: the first that matches is taken. */
  readonly rules: readonly EdgeRule[];
}

export interface EdgeRule {
  /** For people and hops: `HTTPRoute shop/a: rule 0, match 1`, `Ingress shop/a: /path`. */
  readonly name: string;
  readonly match: EdgeMatch;
  readonly action: EdgeAction;
  readonly requestHeaders?: HeaderChange;
  readonly responseHeaders?: HeaderChange;
  readonly rewrite?: EdgeRewrite;
  readonly mirrors?: readonly EdgeMirror[];
  readonly cors?: EdgeCors;
  readonly timeouts?: EdgeTimeouts;
  /** Larger bodies are refused with 413; absent: no bound. */
  readonly maxBodyBytes?: number;
  /** Clients (after trusted proxies); others get 403. Absent: all. */
  readonly allow?: readonly string[];
  /** Clients that get 403 even so. */
  readonly deny?: readonly string[];
  readonly affinity?: EdgeAffinity;
  /** Canaries of this place in the order in which they are asked; the first that says yes is where the request goes. */
  readonly canaries?: readonly EdgeCanary[];
}

/** All of it must hold; an empty one matches everything. */
export interface EdgeMatch {
  /** Absent: any path. */
  readonly path?: PathMatch;
  readonly method?: string;
  /** Names lower-case. */
  readonly headers?: Readonly<Record<string, ValueMatch>>;
  readonly query?: Readonly<Record<string, ValueMatch>>;
}

export type EdgeAction =
  | { readonly kind: 'forward'; readonly backends: readonly EdgeBackend[] }
  | ({ readonly kind: 'redirect' } & EdgeRedirect)
  /** Answered here: `status` 500 for a backend that does not exist, 503 for none, 404 … */
  | { readonly kind: 'reply'; readonly status: number; readonly reason: string };

export interface EdgeBackend {
  /** Undefined: it cannot be reached (a reference that does not resolve); its share of requests is answered by 500. */
  readonly service: ServiceRef | undefined;
  readonly port: number;
  /** Relative share. */
  readonly weight: number;
  /** Requests that go there are of this lane (a canary Service selects only pods of it). Absent: by the colouring rules. */
  readonly lane?: string;
  /** Only endpoints of this lane (`base`: of none), whatever the request's. */
  readonly subset?: string;
  /** What is spoken to it; absent: HTTP/2 where it was asked in HTTP/2 for gRPC or the service's port says so, else HTTP/1.1. */
  readonly protocol?: 'http' | 'http2';
  readonly requestHeaders?: HeaderChange;
  readonly responseHeaders?: HeaderChange;
}

export interface HeaderChange {
  /** Names lower-case. Replaced. */
  readonly set: Readonly<Record<string, string>>;
  /** Added to what is there. */
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface EdgeRewrite {
  readonly host?: string;
  /** `regex` is replaced in the path once, `$1` … stand for its groups. */
  readonly path?:
    | { readonly full: string }
    | { readonly prefix: string }
    | { readonly regex: string; readonly replacement: string };
}

/** What is absent stays as the request had it. */
export interface EdgeRedirect {
  /** The whole `location` header, whatever was asked for; nothing else of this counts then but the status. */
  readonly location?: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  /** Absent: the default of the scheme where `scheme` is said, else the listener's public port. */
  readonly port?: number;
  readonly path?: { readonly full: string } | { readonly prefix: string };
}

/** A copy of the request whose response nobody reads. */
export interface EdgeMirror {
  readonly service: ServiceRef;
  readonly port: number;
  /** Share of requests, 0 to 100. */
  readonly percent: number;
}

export interface EdgeCors {
  /** `*`, exact origins, or `https://*.example.com`. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds?: number;
}

/** Milliseconds; 0 is none. */
export interface EdgeTimeouts {
  readonly connectMs?: number;
  /** From the request's end of head to the end of the response. */
  readonly requestMs?: number;
  /** One attempt: until the response's head. */
  readonly backendRequestMs?: number;
}

/** The client's later requests go where the first one went, by a cookie. */
export interface EdgeAffinity {
  readonly cookie: string;
  readonly path?: string;
  readonly maxAgeSeconds?: number;
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
  readonly secure?: boolean;
  /** `persistent`: also where weights have moved; `balanced`: new ones spread by the weights of now. */
  readonly mode: 'balanced' | 'persistent';
  /** What a canary does with it: `sticky` keeps a client where it was, `legacy` asks the canary first each time. */
  readonly canary: 'sticky' | 'legacy';
}

/** One canary Ingress as ingress-nginx understands it (balancer.lua): header, then cookie, then weight. */
export interface EdgeCanary {
  /** `Ingress shop/a-gray`. */
  readonly name: string;
  readonly backend: EdgeBackend;
  readonly header?: {
    readonly name: string;
    /** Absent, with no `pattern`: `always` and `never`. */
    readonly value?: string;
    readonly pattern?: string;
  };
  /** `always` and `never`; with a value or pattern (MSE) that instead. */
  readonly cookie?: { readonly name: string; readonly value?: string; readonly pattern?: string };
  readonly query?: { readonly name: string; readonly value?: string; readonly pattern?: string };
  /** Out of `weightTotal`. */
  readonly weight?: number;
  readonly weightTotal?: number;
}
