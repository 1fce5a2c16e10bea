import { FORGET_TIMEOUT_MS } from './instance-metadata.ts';
import { instanceKey, type PlannedRegistration, type RegistrationPlan } from './registration-plan.ts';

/**
 * Instances that have left the plan, for as long as Nacos may still know them: who becomes the leader takes out those that left
 * while nobody led.
 */
export class DepartedInstances {
  /** By instance, oldest first. */
  readonly #departed = new Map<string, { readonly planned: PlannedRegistration; readonly atMs: number }>();

  add(left: readonly PlannedRegistration[], nowMs: number): void {
    for (const planned of left) {
      const key = instanceKey(planned);
      this.#departed.delete(key);
      this.#departed.set(key, { planned, atMs: nowMs });
    }
    for (const [key, { atMs }] of this.#departed) {
      if (nowMs - atMs <= FORGET_TIMEOUT_MS) return;
      this.#departed.delete(key);
    }
  }

  /** Those that have not come back; from now on they are somebody's business. */
  take({ instances }: RegistrationPlan, nowMs: number): readonly PlannedRegistration[] {
    this.add([], nowMs);
    const all = [...this.#departed].filter(([key]) => !instances.has(key));
    this.#departed.clear();
    return all.map(([, { planned }]) => planned);
  }
}
