import type { Registrar, Registration } from '@lanekeeper/nacos/registrar';
import {
  placeKey,
  type PlannedRegistration,
  type RegistrationPlace,
  type RegistrationPlan,
} from './registration-plan.ts';

/** Opens the door to one place; nothing is asked of the server before something is to be done there. */
export type OpenRegistrar = (place: RegistrationPlace) => Registrar;

/** One registrar for each place where there is, or was, something to register. */
export class Registrars {
  readonly #open: OpenRegistrar;
  readonly #byPlace = new Map<string, { readonly place: RegistrationPlace; readonly registrar: Registrar }>();
  /** What each place was told last: it is only told what is new. */
  readonly #kept = new Map<string, readonly Registration[]>();

  constructor(open: OpenRegistrar) {
    this.#open = open;
  }

  /** Exactly what the plan says is registered and kept alive, here and nowhere else. */
  keep({ byPlace }: RegistrationPlan): void {
    for (const { place } of byPlace.values()) this.#at(place);
    for (const [key, { registrar }] of this.#byPlace) {
      const registrations = byPlace.get(key)?.registrations ?? [];
      if (isSame(this.#kept.get(key), registrations)) continue;
      this.#kept.set(key, registrations);
      registrar.keep(registrations);
    }
  }

  withdraw({ place, registration }: PlannedRegistration): Promise<void> {
    return this.#at(place).withdraw(registration);
  }

  /** Leaves everything as it is: another replica goes on. */
  release(): void {
    this.#kept.clear();
    for (const { registrar } of this.#byPlace.values()) registrar.release();
  }

  problems(): readonly string[] {
    return [...this.#byPlace.values()].flatMap(({ registrar }) => registrar.problems());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byPlace.values()].map(({ registrar }) => registrar.close()));
  }

  #at(place: RegistrationPlace): Registrar {
    const known = this.#byPlace.get(placeKey(place));
    if (known !== undefined) return known.registrar;
    const registrar = this.#open(place);
    this.#byPlace.set(placeKey(place), { place, registrar });
    return registrar;
  }
}

/** What a pod is registered as is one object for as long as it stays the same. */
function isSame(before: readonly Registration[] | undefined, now: readonly Registration[]): boolean {
  return before?.length === now.length && before.every((registration, at) => registration === now[at]);
}
