import type { Endpoint, ServicePort } from '../snapshot.ts';
import type { Choice } from './choose-backend.ts';
import type { Client } from './client-address.ts';
import type { Listener, Rule } from './edge-table.ts';

/**
 * What the edge decided of a request beside its endpoint; a part of the decision. It is kept for as long as the hop is, so it holds
 * what is compiled and nothing of the request's head.
 */
export interface EdgeOutcome {
  readonly listener: Listener;
  readonly rule: Rule;
  /** Answered here; undefined: forwarded, or refused. */
  readonly answer: 'redirect' | 'preflight' | 'reply' | undefined;
  readonly client: Client;
  /** Made here for a request that came without one. */
  readonly requestId: string | undefined;
  /** Where it goes; undefined where that is no question. */
  readonly choice: Choice | undefined;
  readonly mirrors: readonly MirrorTarget[];
}

export interface MirrorTarget {
  readonly servicePort: ServicePort;
  readonly endpoint: Endpoint;
}

export const NO_MIRRORS: readonly MirrorTarget[] = Object.freeze([]);
