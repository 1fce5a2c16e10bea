import type { EdgeAffinity, EdgeMirror, EdgeRedirect } from '@lanekeeper/protocol/edge';
import type { NetworkTest } from '@lanekeeper/runtime/networks';
import type { EdgeHandling } from '../../exchange/exchange.ts';
import type { RequestView } from '../../lane/request-view.ts';
import type { HeaderEdit } from '../../wire/head.ts';
import type { Canary } from './canary.ts';
import type { Cors } from './cors.ts';
import type { HostIndex } from './host-index.ts';
import type { Rewrite } from './rewrite.ts';
import type { IndexedRule, RuleIndex } from './rule-index.ts';

/** What a gateway serves, compiled for look-ups. Immutable; made anew only where what it is made of has changed. */
export interface EdgeTable {
  /** Port -> the listeners that share it; the most specific host wins. */
  readonly ports: ReadonlyMap<number, HostIndex<Listener>>;
  /** For what came to no listener of its own: `gateway.routes` of a mesh file. */
  readonly plain: Listener;
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly host: string;
  /** What clients see; 0: not known. */
  readonly publicPort: number;
  readonly protocol: 'http' | 'https';
  /** Requests are handed on as they came: no `x-forwarded-*`, the client's own protocol. */
  readonly isPlain: boolean;
  /** What applications are told of it. */
  readonly facts: readonly HeaderEdit[];
  readonly trustIncomingTag: boolean;
  readonly isTrustedProxy: NetworkTest;
  /** Of clients; undefined: all. */
  readonly isAllowed: NetworkTest | undefined;
  /** Of the traces that begin here, 0 to 1; undefined: it begins none. */
  readonly traceShare: number | undefined;
  readonly hosts: HostIndex<RuleIndex<Rule>>;
}

export interface Rule extends IndexedRule {
  /** For people. */
  readonly name: string;
  /** The host that it stands under. */
  readonly host: string;
  /** What stands before the rest of a path that it matches; undefined: it is for exact paths or for a pattern. */
  readonly prefix: string | undefined;
  /** All but an exact path or a prefix, which the index tells. */
  readonly matches: (view: RequestView, pathname: string) => boolean;
  readonly action: RuleAction;
  readonly requestEdits: readonly HeaderEdit[];
  readonly responseEdits: readonly HeaderEdit[];
  readonly rewrite: Rewrite | undefined;
  readonly cors: Cors | undefined;
  readonly mirrors: readonly EdgeMirror[];
  /** Of clients; undefined: all. */
  readonly isAllowed: NetworkTest | undefined;
  readonly affinity: EdgeAffinity | undefined;
  readonly canaries: readonly Canary[];
  /** Timeouts and bounds; undefined: none. */
  readonly limits: EdgeHandling | undefined;
}

export type RuleAction =
  | { readonly kind: 'forward'; readonly backends: readonly Backend[] }
  | ({ readonly kind: 'redirect' } & EdgeRedirect)
  | { readonly kind: 'reply'; readonly status: number; readonly reason: string };

export interface Backend {
  /** `shop/a:80`; for people. */
  readonly name: string;
  /** `namespace/name`; undefined: it cannot be reached. */
  readonly serviceId: string | undefined;
  readonly port: number;
  /** What cookies call it. */
  readonly hash: string;
  readonly weight: number;
  readonly lane: string | undefined;
  readonly subset: string | undefined;
  readonly protocol: 'http' | 'http2' | undefined;
  readonly requestEdits: readonly HeaderEdit[];
  readonly responseEdits: readonly HeaderEdit[];
}
