import type { Log } from '@lanekeeper/runtime/log';
import type { InjectionMetrics } from '../injection-metrics.ts';
import type { AdmissionRequest } from './decode.ts';
import { toReview, type Answer } from './respond.ts';
import type { Reviewer } from './reviewer.ts';

export interface InjectionReviewerOptions {
  /** Never rejects. */
  readonly review: (request: AdmissionRequest) => Promise<Answer>;
  /** Told of each answer that was given, dry runs apart. */
  readonly observe?: (request: AdmissionRequest, answer: Answer) => void;
  readonly metrics: InjectionMetrics;
  readonly log: Log;
}

/** Gives pods their sidecar and workloads their lane. */
export function createInjectionReviewer(options: InjectionReviewerOptions): Reviewer {
  return async (request) => {
    const answer = await options.review(request);
    return {
      body: toReview(request.uid, answer),
      report: (seconds) => report(request, answer, { ...options, seconds }),
    };
  };
}

interface Reporting extends InjectionReviewerOptions {
  readonly seconds: number;
}

/** A dry run changes nothing, the counters included. */
function report(
  request: AdmissionRequest,
  answer: Answer,
  { metrics, observe, log, seconds }: Reporting,
): void {
  const { uid, namespace, kind, dryRun } = request;
  const { result, reason, message, cause } = answer;
  if (!dryRun) {
    metrics.answered(answer, seconds);
    observe?.(request, answer);
  }
  const fields = { uid, namespace, kind, dryRun, result, reason, message };
  if (result === 'failed') log.error({ ...fields, err: cause }, 'admission_failed');
  else log.info(fields, 'admission_answered');
}
