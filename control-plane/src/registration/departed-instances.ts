import { FORGET_TIMEOUT_MS } from './instance-metadata.ts';
import { instanceKey, type PlannedRegistration, type RegistrationPlan } from './registration-plan.ts';

/**
 * Instances that have left the plan, for as long as Nacos may still know them: who becomes the leader takes out those that left
 * while nobody led.
 */
export class DepartedInstances {
  /** By instance, oldest first. */
  readonly #departed = new Map<string, { readonly planned: PlannedRegistration; readonly atMs: number }>();

  moved(from: RegistrationPlan, to: RegistrationPlan, nowMs: number): void {
    const now = instancesOf(to);
    for (const [key, planned] of instancesOf(from)) {
      if (now.has(key)) continue;
      this.#departed.delete(key);
      this.#departed.set(key, { planned, atMs: nowMs });
    }
    for (const [key, { atMs }] of this.#departed) {
      if (nowMs - atMs > FORGET_TIMEOUT_MS || now.has(key)) this.#departed.delete(key);
    }
  }

  /** All of them; from now on they are somebody's business. */
  take(): readonly PlannedRegistration[] {
    const all = [...this.#departed.values()].map(({ planned }) => planned);
    this.#departed.clear();
    return all;
  }
}

function instancesOf({ byPlace }: RegistrationPlan): ReadonlyMap<string, PlannedRegistration> {
  return new Map(
    [...byPlace.values()]
      .flatMap(({ place, registrations }) => registrations.map((registration) => ({ place, registration })))
      .map((planned) => [instanceKey(planned), planned]),
  );
}
