import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { appOf, standingOf, type Standing } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService } from '../objects.ts';
import { addressesOf } from './addresses.ts';
import { ClaimedLanes, reaches } from './claimed-lanes.ts';
import { ASKED } from './cluster-view.ts';
import { GroupedKeys } from './grouped-keys.ts';
import { fits, type LaneClaim } from './lane-claim.ts';
import type { Outdated } from './outdated.ts';

/** Pods by what they are found by, and the lanes that somebody has claimed them for. */
export class PodIndex {
  readonly #byApp = new GroupedKeys();
  readonly #byAddress = new GroupedKeys();
  readonly #claims: ClaimedLanes;
  /** Lane of the pods that somebody has claimed. */
  readonly #claimed = new Map<string, string>();
  /** What stands in the index: the tables may know more already. */
  readonly #pods = new Map<string, KubePod>();

  /** `services`: by `namespace/name`; live. */
  constructor(services: ReadonlyMap<string, KubeService>) {
    this.#claims = new ClaimedLanes(services);
  }

  keysOfApp(part: string): readonly string[] {
    return this.#byApp.in(part);
  }

  keysAt(address: string): readonly string[] {
    return this.#byAddress.in(address);
  }

  standingOf(pod: KubePod): Standing {
    return this.#standingAs(`${pod.meta.namespace}/${pod.meta.name}`, pod);
  }

  /** `pod` is what there is now; undefined: it is gone. */
  replace(key: string, pod: KubePod | undefined, outdated: Outdated): void {
    const old = this.#pods.get(key);
    const stood = old === undefined ? undefined : this.#standingAs(key, old);
    if (old !== undefined) this.#takeOut(key, old, outdated);
    if (pod === undefined) {
      this.#claimed.delete(key);
      return;
    }
    this.#putIn(key, pod, outdated);
    // One that is new is as its labels say, unless somebody says otherwise.
    this.#noteLane(key, { pod, stood: stood ?? standingByLabels(pod) }, outdated);
  }

  /** Takes these claims for all that there are. */
  claim(claims: readonly LaneClaim[], outdated: Outdated): void {
    this.#claimAnew(this.#claims.replace(claims), outdated);
  }

  /** A Service says which pods are its own, and so which of them a claim for its pods has. */
  servicesChanged(ids: ReadonlySet<string>, outdated: Outdated): void {
    if (ids.size > 0) this.#claimAnew(this.#claims.servicesChanged(ids), outdated);
  }

  #claimAnew(claims: readonly LaneClaim[], outdated: Outdated): void {
    if (claims.length === 0) return;
    for (const [key, pod] of this.#pods) {
      if (!claims.some((claim) => reaches(claim, pod.meta.namespace) && fits(claim, pod))) continue;
      if (this.#claims.of(pod)?.lane === this.#claimed.get(key)) continue;
      outdated.questions.add(ASKED.pod(key));
      outdated.reclaimed.add(key);
      this.replace(key, pod, outdated);
    }
  }

  #takeOut(key: string, pod: KubePod, outdated: Outdated): void {
    this.#pods.delete(key);
    const part = this.#appPartOf(key, pod);
    if (part !== undefined) this.#byApp.remove(part, key);
    for (const address of ownAddresses(pod)) this.#byAddress.remove(address, key);
    noteAsked(part, pod, outdated);
  }

  #putIn(key: string, pod: KubePod, outdated: Outdated): void {
    this.#pods.set(key, pod);
    const claim = this.#claims.of(pod);
    if (claim === undefined) this.#claimed.delete(key);
    else this.#claimed.set(key, claim.lane);
    const part = this.#appPartOf(key, pod);
    if (part !== undefined) this.#byApp.add(part, key);
    for (const address of ownAddresses(pod)) this.#byAddress.add(address, key);
    noteAsked(part, pod, outdated);
  }

  #noteLane(key: string, { pod, stood }: { pod: KubePod; stood: Standing }, { relaned }: Outdated): void {
    if (laneIn(stood) === laneIn(this.#standingAs(key, pod))) return;
    for (const address of ownAddresses(pod)) relaned.add(address);
  }

  #standingAs(key: string, pod: KubePod): Standing {
    const lane = this.#claimed.get(key);
    return lane === undefined ? standingByLabels(pod) : { kind: 'lane', lane };
  }

  /** The question to which this pod is an answer. */
  #appPartOf(key: string, pod: KubePod): string | undefined {
    const app = appOf(pod.meta.labels);
    if (app === undefined) return undefined;
    const of = this.#standingAs(key, pod).kind === 'baseline' ? 'baseline' : 'lanes';
    return ASKED.app({ namespace: pod.meta.namespace, app }, of);
  }
}

/** Its addresses, where it does not share them with its node. */
export function ownAddresses(pod: KubePod): readonly string[] {
  return pod.hostNetwork ? [] : addressesOf(pod);
}

function standingByLabels(pod: KubePod): Standing {
  return standingOf(pod.meta.labels, pod.laneFromEnv);
}

/** Undefined: what names it is no lane name. */
function laneIn(standing: Standing): string | undefined {
  if (standing.kind === 'misnamed') return undefined;
  return standing.kind === 'lane' ? standing.lane : BASELINE;
}

function noteAsked(part: string | undefined, pod: KubePod, { questions, addresses }: Outdated): void {
  if (part !== undefined) questions.add(part);
  for (const address of ownAddresses(pod)) {
    questions.add(ASKED.address(address));
    addresses.add(address);
  }
}
