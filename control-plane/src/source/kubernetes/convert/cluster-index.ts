import { appOf } from '@lanekeeper/protocol/workload-names';
import type { ClusterChanges, ClusterTables } from '../cluster-tables.ts';
import type { KubeEndpointSlice, KubeNamespace, KubePod } from '../objects.ts';
import { addressesOf } from './addresses.ts';
import { ASKED, type AppPart, type AppRef, type ClusterView } from './cluster-view.ts';
import { GroupedKeys } from './grouped-keys.ts';
import { standingOfPod } from './member.ts';
import { NodeZones } from './node-zones.ts';

/** The tables, and what has to be found in them otherwise than by name. */
export class ClusterIndex implements ClusterView {
  readonly clusterDomain: string;
  readonly #tables: ClusterTables;
  readonly #podsByApp = new GroupedKeys();
  readonly #podsByAddress = new GroupedKeys();
  readonly #slicesByService = new GroupedKeys();
  readonly #zones = new NodeZones();

  constructor(tables: ClusterTables, clusterDomain: string) {
    this.#tables = tables;
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
    const pods = found(this.#podsByAddress.in(address), this.#tables.pods);
    return pods.find(({ isTerminating }) => !isTerminating) ?? pods[0];
  }

  podsOfApp(app: AppRef, of: AppPart): readonly KubePod[] {
    return found(this.#podsByApp.in(ASKED.app(app, of)), this.#tables.pods);
  }

  slicesOf(service: string): readonly KubeEndpointSlice[] {
    return found(this.#slicesByService.in(service), this.#tables.slices);
  }

  zoneOf(node: string): string | undefined {
    return this.#zones.zoneOf(node);
  }

  /** Takes the changes in; returns every question whose answer may be another one now, and the addresses whose pod may. */
  update(changes: ClusterChanges): Outdated {
    const outdated: Outdated = { questions: new Set(), addresses: new Set() };
    this.#updatePods(changes.pods, outdated);
    const nodes = this.#updateSlices(changes.slices, outdated);
    for (const name of changes.namespaces.keys) outdated.questions.add(ASKED.namespace(name));
    this.#addPodsOf(changes.namespaces.keys, nodes, outdated);
    return outdated;
  }

  #updatePods({ keys, before }: ClusterChanges['pods'], outdated: Outdated): void {
    for (const key of keys) {
      outdated.questions.add(ASKED.pod(key));
      const [old, pod] = [before.get(key), this.#tables.pods.get(key)];
      if (old !== undefined) this.#unindexPod(key, old, outdated);
      if (pod !== undefined) this.#indexPod(key, pod, outdated);
    }
  }

  #unindexPod(key: string, pod: KubePod, { questions, addresses }: Outdated): void {
    const part = appPartOf(pod);
    if (part !== undefined) {
      this.#podsByApp.remove(part, key);
      questions.add(part);
    }
    for (const address of ownAddresses(pod)) {
      this.#podsByAddress.remove(address, key);
      questions.add(ASKED.address(address));
      addresses.add(address);
    }
  }

  #indexPod(key: string, pod: KubePod, { questions, addresses }: Outdated): void {
    const part = appPartOf(pod);
    if (part !== undefined) {
      this.#podsByApp.add(part, key);
      questions.add(part);
    }
    for (const address of ownAddresses(pod)) {
      this.#podsByAddress.add(address, key);
      questions.add(ASKED.address(address));
      addresses.add(address);
    }
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

export interface Outdated {
  readonly questions: Set<string>;
  readonly addresses: Set<string>;
}

/** In an order that does not depend on when they came. */
function found<T>(keys: readonly string[], table: ReadonlyMap<string, T>): readonly T[] {
  return keys.toSorted().flatMap((key) => {
    const object = table.get(key);
    return object === undefined ? [] : [object];
  });
}

/** The question to which this pod is an answer. */
function appPartOf(pod: KubePod): string | undefined {
  const app = appOf(pod.meta.labels);
  if (app === undefined) return undefined;
  const of = standingOfPod(pod).kind === 'baseline' ? 'baseline' : 'lanes';
  return ASKED.app({ namespace: pod.meta.namespace, app }, of);
}

function serviceOf(slice: KubeEndpointSlice): string {
  return `${slice.meta.namespace}/${slice.service}`;
}

function ownAddresses(pod: KubePod): readonly string[] {
  return pod.hostNetwork ? [] : addressesOf(pod);
}
