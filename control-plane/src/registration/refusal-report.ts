import type { EventRecorder } from '@lanekeeper/kubernetes/events';
import { PODS } from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import type { KubePod } from '../source/kubernetes/objects.ts';
import type { RegistrationPlan } from './registration-plan.ts';

export interface RefusalReportOptions {
  readonly events: Pick<EventRecorder, 'record'>;
  readonly log: Log;
  /** Live, by `namespace/name`. */
  readonly pods: ReadonlyMap<string, KubePod>;
}

/** Why a pod is not registered. */
interface Refusal {
  /** `namespace/name` */
  readonly pod: string;
  readonly note: string;
}

/** Tells people which pods cannot be registered as they ask. */
export class RefusalReport {
  readonly #options: RefusalReportOptions;
  #logged: ReadonlySet<string> = new Set();

  constructor(options: RefusalReportOptions) {
    this.#options = options;
  }

  findings(plan: RegistrationPlan): readonly string[] {
    return refusalsIn(plan).map(({ pod, note }) => `Pod ${pod}: ${note}`);
  }

  /** Each new one once. */
  write(plan: RegistrationPlan): void {
    const refusals = refusalsIn(plan);
    for (const { pod, note } of refusals) {
      if (!this.#logged.has(`${pod} ${note}`)) this.#options.log.warn({ pod, note }, 'pod_not_registered');
    }
    this.#logged = new Set(refusals.map(({ pod, note }) => `${pod} ${note}`));
  }

  /** Beside the pods, by one replica only; what it is told again the recorder counts up. */
  record(plan: RegistrationPlan): void {
    const { events, pods } = this.#options;
    for (const { pod, note } of refusalsIn(plan)) {
      const meta = pods.get(pod)?.meta;
      if (meta === undefined) continue;
      const { name, namespace, uid } = meta;
      const regarding = { resource: PODS, name, namespace, uid };
      events.record({ regarding, type: 'Warning', reason: 'NotRegistered', action: 'Register', note });
    }
  }
}

function refusalsIn({ refused }: RegistrationPlan): readonly Refusal[] {
  return [...refused].flatMap(([pod, problems]) =>
    problems.map((problem) => ({ pod, note: `not registered in Nacos: ${problem}` })),
  );
}
