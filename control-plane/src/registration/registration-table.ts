import type { KubePod } from '../source/kubernetes/objects.ts';
import { planPod, type PodSurroundings } from './plan-pod.ts';
import {
  assemblePlan,
  instanceKey,
  placeKey,
  type PlannedRegistration,
  type PodPlan,
  type RegistrationPlan,
} from './registration-plan.ts';

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

  /** Whether it is in the plan, whatever stands beside its address. */
  has(instance: PlannedRegistration): boolean {
    const key = instanceKey(instance);
    const { place } = instance;
    const registrations = this.#plan.byPlace.get(placeKey(place))?.registrations ?? [];
    return registrations.some((registration) => instanceKey({ place, registration }) === key);
  }

  /** Of a namespace, whose labels say which pods should have a sidecar. */
  in(namespaces: ReadonlySet<string>): readonly string[] {
    if (namespaces.size === 0) return [];
    return [...this.#plans.keys()].filter((key) => namespaces.has(key.slice(0, key.indexOf('/'))));
  }

  /** These pods, or what is around them, may be others now. False: nothing has changed. */
  update(pods: Iterable<string>): boolean {
    let hasChanged = false;
    for (const key of pods) hasChanged = this.#renew(key) || hasChanged;
    if (hasChanged) this.#plan = assemblePlan(this.#plans);
    return hasChanged;
  }

  #renew(key: string): boolean {
    const pod = this.#pods.get(key);
    const plan = pod === undefined ? undefined : planPod(pod, this.#around);
    if (plan === undefined) return this.#plans.delete(key);
    if (JSON.stringify(plan) === JSON.stringify(this.#plans.get(key))) return false;
    this.#plans.set(key, plan);
    return true;
  }
}
