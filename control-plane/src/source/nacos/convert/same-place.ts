import type { NacosInstance } from '@lanekeeper/nacos/instance';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { LaneStanding } from './instance-lane.ts';

/** An instance with what it would be in the mesh. */
export interface Candidate {
  /** `10.0.0.1:8080` */
  readonly at: string;
  readonly standing: LaneStanding;
  readonly instance: NacosInstance;
  readonly endpoint: EndpointConfig;
}

type Preference = readonly [why: string, of: (candidate: Candidate) => number];

/** What names a lane comes first, even wrongly: a doubt must not bring requests of the baseline to a gray process. */
const STANDINGS = { lane: 2, misnamed: 1, baseline: 0 };

const PREFERENCES: readonly Preference[] = [
  ['it names a lane', ({ standing }) => STANDINGS[standing.kind]],
  ['it can be used', ({ endpoint }) => Number(endpoint.healthy)],
  ['somebody keeps it alive', ({ instance }) => Number(instance.ephemeral)],
  ['it has the larger weight', ({ endpoint }) => endpoint.weight],
];

/** Which of two registrations of one address and port counts, and why; the same whichever comes first. */
export function bestOf(a: Candidate, b: Candidate): { readonly best: Candidate; readonly why: string } {
  for (const [why, of] of PREFERENCES) {
    const difference = of(a) - of(b);
    if (difference !== 0) return { best: difference > 0 ? a : b, why };
  }
  return { best: orderOf(a) <= orderOf(b) ? a : b, why: 'they come in alphabetical order' };
}

function orderOf({ endpoint, instance }: Candidate): string {
  return `${instance.cluster} ${endpoint.lane ?? ''} ${endpoint.zone ?? ''} ${endpoint.dropReason ?? ''}`;
}
