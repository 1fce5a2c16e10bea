import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { standingOf } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService } from '../objects.ts';
import { byAge, fits, isOwnWord, type LaneClaim } from './lane-claim.ts';
import { MemberFinder } from './member-finder.ts';

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
  /** Made when it is first asked, and anew when a Service is another one. */
  finder: MemberFinder | undefined;
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
    if (namespace === undefined) return undefined;
    const oldest = this.#oldest(namespace, namespace.own, pod);
    if (oldest === undefined) return undefined;
    const standing = standingOf(pod.meta.labels, pod.laneFromEnv);
    const named = standing.kind === 'lane' ? (namespace.named.get(standing.lane) ?? []) : [];
    return (
      this.#oldest(
        namespace,
        named.filter(({ claim }) => byAge(claim, oldest) < 0),
        pod,
      ) ?? oldest
    );
  }

  /** These Services are others now; returns the claims whose pods may be others by it. */
  servicesChanged(ids: Iterable<string>): readonly LaneClaim[] {
    const concerned = new Set<LaneClaim>();
    for (const [name, ofThem] of grouped(ids)) {
      const namespace = this.#namespaces.get(name);
      if (namespace === undefined) continue;
      namespace.finder = undefined;
      // Those that name a lane as the pods do, too: an older one holds a pod against the others while it has it.
      for (const { claim, services } of [...namespace.own, ...[...namespace.named.values()].flat()]) {
        if (services?.some((service) => ofThem.has(service)) === true) concerned.add(claim);
      }
    }
    return [...concerned];
  }

  #oldest(namespace: Namespace, locals: readonly Local[], pod: KubePod): LaneClaim | undefined {
    let own: ReadonlySet<string> | undefined;
    return locals.find(({ claim, services }) => {
      if (!fits(claim, pod)) return false;
      own ??= this.#finderOf(namespace, pod.meta.namespace).servicesOf(pod);
      const found = own;
      return services === undefined || services.some((name) => found.has(name));
    })?.claim;
  }

  #finderOf(namespace: Namespace, name: string): MemberFinder {
    const locals = [...namespace.own, ...[...namespace.named.values()].flat()];
    const lists = new Set(locals.map(({ services = [] }) => services));
    return (namespace.finder ??= new MemberFinder(this.#services, name, new Set([...lists].flat())));
  }
}

/** Namespace -> names. */
function grouped(ids: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const id of ids) {
    const slash = id.indexOf('/');
    const names = groups.get(id.slice(0, slash));
    if (names === undefined) groups.set(id.slice(0, slash), new Set([id.slice(slash + 1)]));
    else names.add(id.slice(slash + 1));
  }
  return groups;
}

/** Whether some pod of the claim may be in that namespace. */
export function reaches({ pods }: LaneClaim, namespace: string): boolean {
  if (pods.kind === 'workloads') return pods.namespace === namespace;
  return pods.services.some((service) => service.namespace === namespace);
}

function byNamespace(claims: readonly LaneClaim[]): ReadonlyMap<string, Namespace> {
  const namespaces = new Map<string, { own: Local[]; named: Map<string, Local[]>; finder: undefined }>();
  for (const claim of claims) {
    for (const [name, services] of placesOf(claim)) {
      const fresh = { own: [], named: new Map<string, Local[]>(), finder: undefined };
      const place = namespaces.get(name) ?? fresh;
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
