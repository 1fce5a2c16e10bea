import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Picker } from '../cluster/picker.ts';
import type { EvidenceContext, InFlightView, TraceLinks } from '../lane/evidence.ts';
import type { RequestOrigin } from '../lane/condition.ts';
import type { RuleSet } from '../lane/rule-set.ts';
import type { Connection } from '../listen/connection.ts';
import type { Workload } from '../workload.ts';
import type { FormerEndpoints } from './former-endpoints.ts';
import type { LanePolicy, Snapshot } from './snapshot.ts';

/** Everything that a decision looks at besides the request. One object per snapshot; a decision only reads it. */
export interface DecisionContext {
  readonly snapshot: Snapshot;
  readonly workload: Workload;
  readonly links: TraceLinks;
  readonly inFlight: InFlightView;
  readonly picker: Picker;
  /** 0 inclusive to 1 exclusive; for shares of requests. */
  readonly random: () => number;
  /** A new request id. */
  readonly newId: () => string;
  /** A key for a client that has none, 128 random bits; goes into a cookie. */
  readonly newKey: () => string;
  readonly untaggedInbound: 'correct' | 'adopt';
  /** Where the application listens, for an inbound connection that was not intercepted. */
  readonly appAddress: SocketAddress | undefined;
  /** What has left the mesh a short while ago. Absent: nothing is remembered. */
  readonly former?: Pick<FormerEndpoints, 'find'> | undefined;
  /** Why the mesh may know a destination that the snapshot does not. Absent, or undefined: it does not. */
  readonly doubt?: ((connection: Connection, authority: string) => string | undefined) | undefined;
}

const NO_ORIGIN: RequestOrigin = { clientAddress: '' };

/** What the evidence ladder climbs on for a request to a service of `policy`. */
export function evidenceContext(
  context: DecisionContext,
  policy: LanePolicy,
  rules: RuleSet,
  origin: RequestOrigin = NO_ORIGIN,
): EvidenceContext {
  return {
    settings: context.snapshot.settings,
    policy,
    workload: context.workload,
    rules,
    links: context.links,
    inFlight: context.inFlight,
    origin,
  };
}
