import type { Rung } from '@lanekeeper/protocol/reasons';

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
