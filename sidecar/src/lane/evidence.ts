import type { MeshSettings } from '@lanekeeper/protocol/model';
import type { Rung } from '@lanekeeper/protocol/reasons';
import type { LanePolicy } from '../route/snapshot.ts';
import type { Workload } from '../workload.ts';
import type { CompiledRule } from './match-rule.ts';

/** Which lane a request belongs to, and how that is known. */
export interface Evidence {
  /** A lane name, or `base`. */
  readonly lane: string;
  readonly rung: Rung;
  /** Where it was found, for people: `baggage lane=gray`, `x-request-id`, `rule gray#0`. */
  readonly detail: string;
  /** Several lanes are in flight and nothing links the request to one of them. */
  readonly ambiguous: boolean;
}

/** What the ladder climbs on, besides the request itself. */
export interface EvidenceContext {
  readonly settings: MeshSettings;
  readonly policy: LanePolicy;
  readonly workload: Workload;
  /** The rules that colour at this place; empty where it is no entry. */
  readonly rules: readonly CompiledRule[];
  readonly links: TraceLinks;
  readonly inFlight: InFlightView;
}

/** Ids of inbound requests seen by this sidecar, and their lanes. */
export interface TraceLinks {
  /** The lane (or `base`) of the inbound request that carried `id`; {@link SEVERAL} when two lanes did; undefined: never seen. */
  lookup(id: string): string | undefined;
}

/** Inbound requests now in flight in this workload. */
export interface InFlightView {
  /** The one lane (or `base`) that all of them are of; {@link SEVERAL}; undefined when none is in flight. */
  verdict(): string | undefined;
}

/** Not a lane name: no DNS label has a space. */
export const SEVERAL = 'several lanes';

/** The request carries two different tags: an error, never a pick. */
export interface TagConflict {
  readonly conflict: string;
}
