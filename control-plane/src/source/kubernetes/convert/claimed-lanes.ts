import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { standingOf } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService } from '../objects.ts';
import { byAge, fits, isOfService, isOwnWord, type LaneClaim } from './lane-claim.ts';

/** A claim, as far as it concerns one namespace. */
interface Local {
  readonly claim: LaneClaim;
  /** Names of the services whose pods it is about; undefined: any pod. */
  readonly services: readonly string[] | undefined;
}

interface Namespace {
  /** Those that say more than the pods' own labels do, the oldest first. */
  readonly own: readonly Local[];
  /** By lane: those that name it as the pods do. They count only against the others. */
  readonly named: ReadonlyMap<string, readonly Local[]>;
}

/** Which pods are of a lane by somebody's word, whatever their own labels say. Most pods are not, and are told apart at once. */
export class ClaimedLanes {
  readonly #services: ReadonlyMap<string, KubeService>;
  #claims: ReadonlyMap<string, LaneClaim> = new Map();
  #namespaces: ReadonlyMap<string, Namespace> = new Map();

  constructor(services: ReadonlyMap<string, KubeService>) {
    this.#services = services;
  }

  /** Takes these claims for all that there are. Returns those that are new, gone or otherwise than before. */
  replace(claims: readonly LaneClaim[]): readonly LaneClaim[] {
    const before = this.#claims;
    const after = new Map(claims.map((claim) => [claim.by, claim]));
    const changed = [
      ...[...before.values()].filter((claim) => !isSame(claim, after.get(claim.by))),
      ...claims.filter((claim) => !isSame(claim, before.get(claim.by))),
    ];
    if (changed.length > 0) {
      this.#claims = after;
      this.#namespaces = byNamespace([...claims].sort(byAge));
    }
    return changed;
  }

  /** The claim that has the pod; undefined: its labels say what it is. */
  of(pod: KubePod): LaneClaim | undefined {
    const namespace = this.#namespaces.get(pod.meta.namespace);
    if (namespace === undefined || namespace.own.length === 0) return undefined;
    const [oldest] = namespace.own.filter((local) => this.#holds(local, pod));
    if (oldest === undefined) return undefined;
    const standing = standingOf(pod.meta.labels, pod.laneFromEnv);
    const named = standing.kind === 'lane' ? namespace.named.get(standing.lane) : undefined;
    const older = named?.find((local) => byAge(local.claim, oldest.claim) < 0 && this.#holds(local, pod));
    return (older ?? oldest).claim;
  }

  /** Claims whose pods may be others when this service is another one. */
  concerning(namespace: string, service: string): readonly LaneClaim[] {
    const own = this.#namespaces.get(namespace)?.own ?? [];
    return own.filter(({ services }) => services?.includes(service) === true).map(({ claim }) => claim);
  }

  #holds({ claim, services }: Local, pod: KubePod): boolean {
    if (!fits(claim, pod)) return false;
    const { namespace } = pod.meta;
    if (services === undefined) return true;
    return services.some((name) => isOfService(pod, name, this.#services.get(`${namespace}/${name}`)));
  }
}

/** Whether some pod of the claim may be in that namespace. */
export function reaches({ pods }: LaneClaim, namespace: string): boolean {
  if (pods.kind === 'workloads') return pods.namespace === namespace;
  return pods.services.some((service) => service.namespace === namespace);
}

function byNamespace(claims: readonly LaneClaim[]): ReadonlyMap<string, Namespace> {
  const namespaces = new Map<string, { own: Local[]; named: Map<string, Local[]> }>();
  for (const claim of claims) {
    for (const [name, services] of placesOf(claim)) {
      const place = namespaces.get(name) ?? { own: [], named: new Map<string, Local[]>() };
      namespaces.set(name, place);
      const local = { claim, services };
      if (isOwnWord(claim)) place.own.push(local);
      else place.named.set(claim.lane, [...(place.named.get(claim.lane) ?? []), local]);
    }
  }
  return namespaces;
}

/** Namespace -> names of services. */
type Places = ReadonlyMap<string, readonly string[] | undefined>;

function placesOf({ pods }: LaneClaim): Places {
  return pods.kind === 'workloads' ? new Map([[pods.namespace, undefined]]) : membersOf(pods.services).places;
}

/** All lanes of a group have the same list of its services. */
const MEMBERS = new WeakMap<readonly ServiceRef[], { readonly places: Places; readonly key: string }>();

function membersOf(services: readonly ServiceRef[]): { readonly places: Places; readonly key: string } {
  const known = MEMBERS.get(services);
  if (known !== undefined) return known;
  const places = new Map<string, string[]>();
  for (const { name, namespace } of services) {
    const names = places.get(namespace);
    if (names === undefined) places.set(namespace, [name]);
    else names.push(name);
  }
  const members = { places, key: services.map(serviceId).join(' ') };
  MEMBERS.set(services, members);
  return members;
}

function isSame(a: LaneClaim, b: LaneClaim | undefined): boolean {
  if (b === undefined || a === b) return a === b;
  return a.lane === b.lane && a.createdAt === b.createdAt && keyOf(a.pods) === keyOf(b.pods);
}

function keyOf(pods: LaneClaim['pods']): string {
  const labels = Object.entries(pods.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const isNamed = pods.labels === undefined;
  if (pods.kind === 'members') return JSON.stringify([isNamed, labels, membersOf(pods.services).key]);
  return JSON.stringify([pods.namespace, pods.app ?? null, labels]);
}
