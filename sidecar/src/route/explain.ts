import type { Direction, Hop } from '@lanekeeper/protocol/hop';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Connection } from '../listen/connection.ts';
import type { HeaderReader, RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { decideGateway } from './decide-gateway.ts';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import { explainedConnection } from './edge/explained-connection.ts';
import type { Outcome } from './explain-outcome.ts';
import { outcomeOf } from './explain-outcome.ts';
import { routeToSubset } from './make-decision.ts';
import { resolveDestination } from './resolve-destination.ts';
import type { ServicePort } from './snapshot.ts';

/** A request that is only thought of. */
export interface ExplainRequest {
  readonly direction: Direction;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  /** In order, repeated names allowed, any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The original destination address, if it would have one. */
  readonly destination?: SocketAddress | undefined;
  /** At a gateway: where it comes in, see {@link ThoughtOf}. */
  readonly port?: number | undefined;
  readonly tls?: boolean | undefined;
  /** The client's address, if that matters. */
  readonly client?: string | undefined;
}

/** The decision as plain JSON, and what every other lane would have got. */
export interface Explanation extends Outcome {
  readonly evidence: Hop['evidence'] & { readonly ambiguous: boolean };
  readonly service: string | null;
  readonly port: number | null;
  readonly candidates: Hop['candidates'];
  readonly generation: string;
  readonly counterfactual: readonly Outcome[];
}

const DECIDE = { inbound: decideInbound, outbound: decideOutbound, gateway: decideGateway } as const;
const NOBODY: SocketAddress = { address: '0.0.0.0', port: 0 };

/** A dry run by the same functions that real requests go through; nothing is sent and nothing is remembered. */
export function explain(request: ExplainRequest, context: DecisionContext): Explanation {
  const { direction, destination, client } = request;
  const peer = client === undefined ? NOBODY : { address: client, port: 0 };
  const edge = direction === 'gateway' ? explainedConnection(context.snapshot.edge, request) : undefined;
  const connection: Connection = { direction, peer, local: NOBODY, destination, edge };
  const decision = DECIDE[direction](headOf(request), connection, context);
  const { evidence, servicePort, generation } = decision;
  const { rung, detail, ambiguous } = evidence;
  return {
    ...outcomeOf(decision, direction),
    evidence: { rung, detail, ambiguous },
    service: servicePort?.service.id ?? null,
    port: servicePort?.port ?? null,
    candidates: servicePort?.service.candidates ?? {},
    generation,
    counterfactual: servicePort === undefined ? [] : otherLanes(decision, servicePort, { request, context }),
  };
}

interface DryRun {
  readonly request: ExplainRequest;
  readonly context: DecisionContext;
}

function otherLanes(decision: Decision, servicePort: ServicePort, run: DryRun): readonly Outcome[] {
  const { request, context } = run;
  const { snapshot } = context;
  const preferred =
    request.direction === 'outbound'
      ? resolveDestination(context, request.destination, request.authority.toLowerCase()).preferred
      : undefined;
  return [BASELINE, ...[...snapshot.laneNames].sort()]
    .filter((lane) => isUndecided(decision) || lane !== decision.evidence.lane)
    .map((lane) => {
      const evidence = { lane, rung: 'none', detail: 'what if', ambiguous: false } as const;
      const routed = { evidence, servicePort, escape: undefined, chosen: preferred };
      return outcomeOf(routeToSubset(routed, undefined, context), 'outbound');
    });
}

/** Refused before any lane was tried: then every lane is another one. */
function isUndecided({ refusal }: Decision): boolean {
  return refusal?.code === 'ambiguous-tag' || refusal?.code === 'lane-ambiguous';
}

function headOf(request: ExplainRequest): RequestHead {
  const { method, path } = request;
  const authority = request.authority.toLowerCase();
  return { protocol: 'http/1.1', method, authority, path, headers: readFields(request.headers) };
}

/** Repeated fields are joined as RFC 9110 section 5.3 says; cookies with their own separator (RFC 9113 section 8.2.3). */
function readFields(fields: ExplainRequest['headers']): HeaderReader {
  const joined = new Map<string, string>();
  for (const [field, value] of fields) {
    const name = field.toLowerCase();
    const before = joined.get(name);
    const separator = name === 'cookie' ? '; ' : ', ';
    joined.set(name, before === undefined ? value : `${before}${separator}${value}`);
  }
  return { get: (name) => joined.get(name) };
}
