import type { KubePod } from '../source/kubernetes/objects.ts';
import { planPod, type PodSurroundings } from './plan-pod.ts';
import {
  assemblePlan,
  instanceKey,
  type PlannedRegistration,
  type PodPlan,
  type RegistrationPlan,
} from './registration-plan.ts';

export interface TableUpdate {
  /** Instances that were in the plan and are not any more. */
  readonly left: readonly PlannedRegistration[];
}

const NOTHING = { kind: 'nothing' } as const;

/** The plans of all pods that ask for a registration, made anew only for those that change. */
export class RegistrationTable {
  readonly #pods: ReadonlyMap<string, KubePod>;
  readonly #around: PodSurroundings;
  readonly #plans = new Map<string, PodPlan>();
  #plan: RegistrationPlan = assemblePlan(this.#plans);

  /** `pods` is live. */
  constructor(pods: ReadonlyMap<string, KubePod>, around: PodSurroundings) {
    this.#pods = pods;
    this.#around = around;
  }

  get plan(): RegistrationPlan {
    return this.#plan;
  }

  of(pod: string): PodPlan | undefined {
    return this.#plans.get(pod);
  }

  /** Of a namespace, whose labels say which pods should have a sidecar. */
  in(namespaces: ReadonlySet<string>): readonly string[] {
    if (namespaces.size === 0) return [];
    return [...this.#plans.keys()].filter((key) => namespaces.has(key.slice(0, key.indexOf('/'))));
  }

  /** These pods, or what is around them, may be others now. Undefined: nothing has changed. */
  update(pods: Iterable<string>): TableUpdate | undefined {
    const before = [...pods].flatMap((key) => this.#renew(key) ?? []);
    if (before.length === 0) return undefined;
    this.#plan = assemblePlan(this.#plans);
    const left = before.flatMap((plan) => (plan.kind === 'registered' ? [plan.planned] : []));
    return { left: left.filter((planned) => !this.#plan.instances.has(instanceKey(planned))) };
  }

  /** What was planned before; undefined: it is as it was. */
  #renew(key: string): PodPlan | typeof NOTHING | undefined {
    const before = this.#plans.get(key);
    const pod = this.#pods.get(key);
    const plan = pod === undefined ? undefined : planPod(pod, this.#around);
    if (JSON.stringify(plan) === JSON.stringify(before)) return undefined;
    if (plan === undefined) this.#plans.delete(key);
    else this.#plans.set(key, plan);
    return before ?? NOTHING;
  }
}
