import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { Answer } from './admission/respond.ts';

export interface InjectionMetrics {
  /** One admission that was no dry run. */
  answered(answer: Answer, seconds: number): void;
  /** A request that was no admission: wrong path, too large, malformed. */
  rejected(status: number): void;
}

export function createInjectionMetrics(metrics: Metrics): InjectionMetrics {
  const total = metrics.counter({
    name: 'lanekeeper_injection_total',
    help: 'Admissions by result and reason; dry runs are not counted.',
    labels: ['result', 'reason'],
  });
  const duration = metrics
    .histogram({
      name: 'lanekeeper_injection_duration_seconds',
      help: 'From the end of a review’s body to its answer.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    })
    .with();
  const rejected = metrics.counter({
    name: 'lanekeeper_injection_rejected_total',
    help: 'Requests to the webhook that were no valid AdmissionReview, by the status they got.',
    labels: ['code'],
  });
  return {
    answered({ result, reason }, seconds) {
      total.with(result, reason).inc();
      duration.observe(seconds);
    },
    rejected: (status) => rejected.with(String(status)).inc(),
  };
}
