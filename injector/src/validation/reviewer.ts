import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { AdmissionRequest } from '../admission/decode.ts';
import type { Reviewer } from '../admission/reviewer.ts';
import { toValidationReview } from './respond.ts';
import { describeProblem, validate, type Validation } from './validate.ts';

/** Answers whoever writes a lane, a group, or another object that the mesh is made of. */
export function createValidationReviewer(metrics: Metrics, log: Log): Reviewer {
  const total = metrics.counter({
    name: 'lanekeeper_validation_total',
    help: 'Objects of ours that were written, by kind and result; dry runs are not counted.',
    labels: ['kind', 'result'],
  });
  return (request) => {
    const validation = validate(request);
    return Promise.resolve({
      body: toValidationReview(request.uid, validation),
      report() {
        if (!request.dryRun) total.with(kindOf(request, validation), validation.result).inc();
        tell(request, validation, log);
      },
    });
  };
}

/** Whoever can post could make labels without end. */
function kindOf({ object }: AdmissionRequest, { result }: Validation): string {
  const kind = object?.['kind'];
  return result === 'not-ours' || typeof kind !== 'string' ? 'other' : kind;
}

function tell(request: AdmissionRequest, validation: Validation, log: Log): void {
  const { uid, namespace, kind, dryRun } = request;
  const { result, problems, warnings, cause } = validation;
  const fields = { uid, namespace, kind, name: nameOf(request), dryRun, result, warnings };
  if (result === 'failed') log.error({ ...fields, err: cause }, 'validation_failed');
  else log.info({ ...fields, problems: problems.map(describeProblem) }, 'validation_answered');
}

function nameOf({ object }: AdmissionRequest): string {
  const metadata = object?.['metadata'];
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : '';
  return typeof name === 'string' ? name : '';
}
