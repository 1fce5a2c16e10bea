import type { Condition } from '../../../../status/object-statuses.ts';

/** Why something does not hold: a word of the API, and a sentence for people. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What a condition says beside its type. */
export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export function holds(reason: string, message: string): Verdict {
  return { status: 'True', reason, message };
}

export function fails({ reason, message }: Refusal): Verdict {
  return { status: 'False', reason, message };
}

/** Conditions of one object in the order given. */
export function conditionsOf(
  generation: number,
  verdicts: Readonly<Record<string, Verdict | undefined>>,
): readonly Condition[] {
  return Object.entries(verdicts).flatMap(([type, verdict]) =>
    verdict === undefined ? [] : [{ type, ...verdict, observedGeneration: generation }],
  );
}
