import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { ClusterChanges, ClusterTables } from '../cluster-tables.ts';
import type { KubeEndpointSlice, KubeNamespace, KubePod } from '../objects.ts';
import { ASKED, type AppPart, type AppRef, type ClusterView } from './cluster-view.ts';
import { GroupedKeys } from './grouped-keys.ts';
import type { LaneClaim } from './lane-claim.ts';
import { NodeZones } from './node-zones.ts';
import { nothingOutdated, type Outdated } from './outdated.ts';
import { ownAddresses, PodIndex } from './pod-index.ts';

/** The tables, and what has to be found in them otherwise than by name. */
export class ClusterIndex implements ClusterView {
  readonly clusterDomain: string;
  readonly #tables: ClusterTables;
  readonly #pods: PodIndex;
  readonly #slicesByService = new GroupedKeys();
  readonly #zones = new NodeZones();

  constructor(tables: ClusterTables, clusterDomain: string) {
    this.#tables = tables;
    this.#pods = new PodIndex(tables.services);
    this.clusterDomain = clusterDomain;
  }

  namespace(name: string): KubeNamespace | undefined {
    return this.#tables.namespaces.get(name);
  }

  pod(key: string): KubePod | undefined {
    return this.#tables.pods.get(key);
  }

  /** Of several (an address is given away again while its last pod still goes) the one that stays. */
  podAt(address: string): KubePod | undefined {
    const pods = found(this.#pods.keysAt(address), this.#tables.pods);
    return pods.find(({ isTerminating }) => !isTerminating) ?? pods[0];
  }

  podsOfApp(app: AppRef, of: AppPart): readonly KubePod[] {
    return found(this.#pods.keysOfApp(ASKED.app(app, of)), this.#tables.pods);
  }

  slicesOf(service: string): readonly KubeEndpointSlice[] {
    return found(this.#slicesByService.in(service), this.#tables.slices);
  }

  zoneOf(node: string): string | undefined {
    return this.#zones.zoneOf(node);
  }

  standingOf(pod: KubePod): Standing {
    return this.#pods.standingOf(pod);
  }

  /** Takes these claims for all that there are; returns what may be another answer by it. */
  claim(claims: readonly LaneClaim[]): Outdated {
    const outdated = nothingOutdated();
    this.#pods.claim(claims, outdated);
    return outdated;
  }

  /** Takes the changes in; returns every question whose answer may be another one now, and the addresses whose pod may. */
  update(changes: ClusterChanges): Outdated {
    const outdated = nothingOutdated();
    for (const key of changes.pods.keys) {
      outdated.questions.add(ASKED.pod(key));
      this.#pods.replace(key, this.#tables.pods.get(key), outdated);
    }
    this.#pods.servicesChanged(changes.services.keys, outdated);
    const nodes = this.#updateSlices(changes.slices, outdated);
    for (const name of changes.namespaces.keys) outdated.questions.add(ASKED.namespace(name));
    this.#addPodsOf(changes.namespaces.keys, nodes, outdated);
    return outdated;
  }

  /** Returns the nodes whose zone is another one. */
  #updateSlices({ keys, before }: ClusterChanges['slices'], { questions }: Outdated): ReadonlySet<string> {
    const nodes = new Set<string>();
    for (const key of keys) {
      const [old, slice] = [before.get(key), this.#tables.slices.get(key)];
      if (old !== undefined) this.#slicesByService.remove(serviceOf(old), key);
      if (slice !== undefined) this.#slicesByService.add(serviceOf(slice), key);
      for (const one of [old, slice]) if (one !== undefined) questions.add(ASKED.slices(serviceOf(one)));
      for (const node of this.#zones.replace(old, slice)) nodes.add(node);
    }
    for (const node of nodes) questions.add(ASKED.node(node));
    return nodes;
  }

  /** What is known of a pod by its namespace and its node changes with them. */
  #addPodsOf(namespaces: ReadonlySet<string>, nodes: ReadonlySet<string>, { addresses }: Outdated): void {
    if (namespaces.size === 0 && nodes.size === 0) return;
    for (const pod of this.#tables.pods.values()) {
      if (!namespaces.has(pod.meta.namespace) && !nodes.has(pod.nodeName)) continue;
      for (const address of ownAddresses(pod)) addresses.add(address);
    }
  }
}

/** In an order that does not depend on when they came. */
function found<T>(keys: readonly string[], table: ReadonlyMap<string, T>): readonly T[] {
  return keys.toSorted().flatMap((key) => {
    const object = table.get(key);
    return object === undefined ? [] : [object];
  });
}

function serviceOf(slice: KubeEndpointSlice): string {
  return `${slice.meta.namespace}/${slice.service}`;
}
