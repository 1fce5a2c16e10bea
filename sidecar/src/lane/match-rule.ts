import type { RequestHead } from '../wire/head.ts';

/** One rule of a lane, ready to be asked. */
export interface CompiledRule {
  readonly lane: string;
  readonly group: string;
  /** Workloads (app names) at whose inbound side it applies, beside the gateway. */
  readonly entries: readonly string[];
  /** `gray#0`: the lane and the rule's place in it, for people. */
  readonly label: string;
  matches(head: RequestHead): boolean;
}
