import type { ObjectVerdict } from '@lanekeeper/mesh-file/objects/assemble-objects';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { Condition } from '../../../status/object-statuses.ts';
import type { DeclaredObject } from './declared-object.ts';

/** The API server takes 32,768; nobody reads more than the first ones. */
const MAX_MESSAGE = 2_000;

/** A condition before it is known of which generation it is. */
export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export function condition(type: string, verdict: Verdict, { document }: DeclaredObject): Condition {
  const { status, reason, message } = verdict;
  const cut = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return { type, status, reason, message: cut, observedGeneration: document.metadata.generation };
}

/** Whether the object, as it stands there, is in force; `verdict` is of what is. */
export function accepted(declared: DeclaredObject, verdict: ObjectVerdict | undefined): Verdict {
  if (declared.problems.length > 0) {
    const message = `${sentences(declared.problems)}. ${whatStays(declared)}`;
    return { status: 'False', reason: 'Invalid', message };
  }
  if (verdict === undefined) return { status: 'Unknown', reason: 'Pending', message: '' };
  const { isInForce, reason, problems } = verdict;
  // What is only not effective yet is as it should be.
  const isAccepted = isInForce || reason === 'NotYetEffective';
  return {
    status: isAccepted ? 'True' : 'False',
    reason: reason === 'NotYetEffective' ? 'Accepted' : reason,
    message: sentences(problems),
  };
}

function whatStays({ inForce }: DeclaredObject): string {
  if (inForce === undefined) return 'Nothing of it is in force.';
  return `Generation ${inForce.object.meta.generation ?? 0} stays in force.`;
}

/** `spec.fallback[0]: there is no lane blue`, all at once. */
export function sentences(problems: readonly ConfigProblem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}
