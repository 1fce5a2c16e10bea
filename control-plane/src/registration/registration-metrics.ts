import type { Counter, Metrics } from '@lanekeeper/runtime/metrics';
import type { RegistrationPlan } from './registration-plan.ts';

export interface RegistrationMetrics {
  /** Takings-out that did not wait for the leader. */
  readonly withdrawals: { readonly done: Counter; readonly failed: Counter };
}

export interface RegistrationState {
  plan(): RegistrationPlan;
  isKeeping(): boolean;
  problems(): readonly string[];
}

export function createRegistrationMetrics(metrics: Metrics, state: RegistrationState): RegistrationMetrics {
  const pods = metrics.gauge({
    name: 'lanekeeper_registration_pods',
    help: 'Pods that ask for a registration in Nacos, by what became of it.',
    labels: ['state'],
  });
  const keeping = metrics
    .gauge({
      name: 'lanekeeper_registration_leader',
      help: 'Whether this replica registers pods in Nacos: exactly one does.',
    })
    .with();
  const problems = metrics
    .gauge({
      name: 'lanekeeper_registration_problems',
      help: 'Reasons why what stands in Nacos may be old; /status has them.',
    })
    .with();
  const withdrawals = metrics.counter({
    name: 'lanekeeper_registration_withdrawals_total',
    help: 'Instances that were taken out of Nacos at once, without waiting for the leader.',
    labels: ['result'],
  });
  metrics.onCollect(() => {
    const { byPlace, refused, waiting } = state.plan();
    const registered = [...byPlace.values()].reduce(
      (sum, { registrations }) => sum + registrations.length,
      0,
    );
    pods.with('registered').set(registered);
    pods.with('waiting').set(waiting);
    pods.with('refused').set(refused.size);
    problems.set(state.problems().length);
    keeping.set(state.isKeeping() ? 1 : 0);
  });
  return { withdrawals: { done: withdrawals.with('done'), failed: withdrawals.with('failed') } };
}
