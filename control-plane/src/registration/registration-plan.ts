import type { Registration } from '@lanekeeper/nacos/registrar';

/** Where instances are registered: a Nacos namespace of a registry. */
export interface RegistrationPlace {
  /** Name of the registry. */
  readonly registry: string;
  /** Id; empty: public. */
  readonly namespace: string;
}

export interface PlannedRegistration {
  readonly place: RegistrationPlace;
  readonly registration: Registration;
}

/** What is to be done with a pod that asks for a registration. */
export type PodPlan =
  | { readonly kind: 'registered'; readonly planned: PlannedRegistration }
  /** Not now; `why` completes the sentence "the pod is …". */
  | { readonly kind: 'waiting'; readonly why: string }
  /** It cannot be: sentences for who has made the pod. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** What there is to register, and who cannot be. */
export interface RegistrationPlan {
  /** By {@link placeKey}; each instance once. */
  readonly byPlace: ReadonlyMap<string, PlaceRegistrations>;
  /** All of them, by {@link instanceKey}. */
  readonly instances: { has(key: string): boolean };
  /** Key of a pod (`namespace/name`) -> sentences. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  readonly waiting: number;
}

export interface PlaceRegistrations {
  readonly place: RegistrationPlace;
  readonly registrations: readonly Registration[];
}

/** Whose plans by the key of their pod, made into one. Pure; the order of the plans means nothing. */
export function assemblePlan(pods: ReadonlyMap<string, PodPlan>): RegistrationPlan {
  const byPlace = new Map<string, { place: RegistrationPlace; registrations: Registration[] }>();
  const refused = new Map<string, readonly string[]>();
  const holders = new Map<string, string>();
  let waiting = 0;
  for (const [pod, plan] of [...pods].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (plan.kind === 'waiting') waiting += 1;
    else if (plan.kind === 'refused') refused.set(pod, plan.problems);
    else {
      const { place, registration } = plan.planned;
      const instance = instanceKey(plan.planned);
      const holder = holders.get(instance);
      if (holder !== undefined) {
        refused.set(pod, [`its address and port are registered for Pod ${holder} already`]);
        continue;
      }
      holders.set(instance, pod);
      const at = byPlace.get(placeKey(place));
      if (at === undefined) byPlace.set(placeKey(place), { place, registrations: [registration] });
      else at.registrations.push(registration);
    }
  }
  return { byPlace, instances: holders, refused, waiting };
}

export function placeKey({ registry, namespace }: RegistrationPlace): string {
  return `${registry}/${namespace}`;
}

/** Two registrations with the same key are one instance, whatever else they say of it. */
export function instanceKey({ place, registration }: PlannedRegistration): string {
  const { service, cluster, ip, port } = registration;
  return JSON.stringify([placeKey(place), service.group, service.name, cluster, ip, port]);
}
