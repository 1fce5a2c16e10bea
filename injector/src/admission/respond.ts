import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { sentenceOf, type Reason } from '../decision/reasons.ts';
import type { Operation } from '../patch/json-patch.ts';

/** What is answered to one admission; also what metrics and the log say of it. */
export interface Answer {
  readonly result: 'injected' | 'changed' | 'skipped' | 'refused' | 'failed';
  readonly reason: Reason;
  /** For people. */
  readonly message: string;
  /** Empty: the object stays as it is. */
  readonly operations: readonly Operation[];
  readonly cause?: unknown;
}

/** Admitted as it is. */
export function skipped(reason: Reason, message = sentenceOf(reason)): Answer {
  return { result: 'skipped', reason, message, operations: [] };
}

/** Admitted as it is because we could not do our work. */
export function failed(reason: Reason, cause: unknown): Answer {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const message = `${sentenceOf(reason)}: ${detail}`;
  return { result: 'failed', reason, message, operations: [], cause };
}

export function patched(
  result: 'injected' | 'changed' | 'skipped',
  reason: Reason,
  change: { readonly operations: readonly Operation[]; readonly message?: string },
): Answer {
  return { result, reason, message: change.message ?? sentenceOf(reason), operations: change.operations };
}

/** Not admitted: every problem with its key, its value and what was expected. */
export function refused(problems: readonly ConfigProblem[]): Answer {
  const message = problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ');
  return { result: 'refused', reason: 'wrong-annotation', message, operations: [] };
}

/** kubectl shows warnings; above this the API server would cut them anyway (256 characters each are sure to be shown). */
const MAX_WARNING = 250;

/** The AdmissionReview that goes back. */
export function toReview(uid: string, answer: Answer): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: answer.result !== 'refused',
      auditAnnotations: { result: answer.result, reason: answer.reason },
      ...(isWorthAWarning(answer) ? { warnings: [warningOf(answer)] } : {}),
      ...(answer.result === 'refused'
        ? { status: { status: 'Failure', code: 422, reason: 'Invalid', message: answer.message } }
        : {}),
      ...(answer.operations.length === 0 ? {} : { patchType: 'JSONPatch', patch: encode(answer.operations) }),
    },
  };
}

/** Injection was wanted and did not happen; silence would be taken for success. */
function isWorthAWarning({ result, operations }: Answer): boolean {
  return result === 'failed' || (result === 'skipped' && operations.length > 0);
}

function warningOf({ reason, message }: Answer): string {
  return `lanekeeper: not injected, ${reason}: ${message}`.slice(0, MAX_WARNING);
}

function encode(operations: readonly Operation[]): string {
  return Buffer.from(JSON.stringify(operations)).toString('base64');
}
