import { DEFAULT_DOMAIN } from '../../../catalog/canonical-key.ts';
import type { PodFacts, SourceChange, SourceService } from '../../../catalog/source-service.ts';
import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { ClusterChanges, ClusterTables } from '../cluster-tables.ts';
import type { KubePod } from '../objects.ts';
import { ClusterIndex } from './cluster-index.ts';
import { recordQuestions } from './cluster-view.ts';
import { convertService } from './convert-service.ts';
import { GroupedKeys } from './grouped-keys.ts';
import type { LaneClaim } from './lane-claim.ts';
import type { Outdated } from './outdated.ts';
import { factsOf } from './pod-facts.ts';
import type { ConversionProblem } from './problem.ts';

/**
 * Converts the cluster's objects, again only what a change concerns: each conversion takes down what it has asked of the cluster,
 * and is repeated when one of the answers may be another one.
 */
export class ClusterConverter {
  readonly #tables: ClusterTables;
  readonly #index: ClusterIndex;
  /** Question -> ids of the services that asked it, and the reverse. */
  readonly #askers = new GroupedKeys();
  readonly #asked = new Map<string, readonly string[]>();
  readonly #problems = new Map<string, readonly ConversionProblem[]>();
  /** Service id -> the one lane that it selects. */
  readonly #lanes = new Map<string, string>();
  /** Ids of the services that the catalog knows from here. */
  readonly #told = new Set<string>();

  constructor(tables: ClusterTables, clusterDomain: string = DEFAULT_DOMAIN) {
    this.#tables = tables;
    this.#index = new ClusterIndex(tables, clusterDomain);
  }

  /** What the changes mean for the catalog. Services may be among it that are as before. */
  apply(changes: ClusterChanges): SourceChange {
    return this.#renew(changes.services.keys, this.#index.update(changes));
  }

  /** What it means for the catalog that these, and no others, claim pods for lanes; and the pods that stand otherwise by it. */
  claim(claims: readonly LaneClaim[]): { readonly change: SourceChange; readonly pods: ReadonlySet<string> } {
    const outdated = this.#index.claim(claims);
    return { change: this.#renew(new Set(), outdated), pods: outdated.reclaimed };
  }

  /** How a pod of the cluster stands: by its labels, or by a claim. */
  standingOf(pod: KubePod): Standing {
    return this.#index.standingOf(pod);
  }

  /** The lane that all pods are of that a Service selects; undefined: no single one. */
  laneOf(service: string): string | undefined {
    return this.#lanes.get(service);
  }

  #renew(services: ReadonlySet<string>, { questions, addresses, relaned }: Outdated): SourceChange {
    const put: SourceService[] = [];
    const removed: string[] = [];
    for (const id of this.#outdated(services, questions)) {
      const service = this.#convert(id);
      if (service !== undefined) {
        put.push(service);
        this.#told.add(id);
      } else if (this.#told.delete(id)) removed.push(id);
    }
    return { source: 'kubernetes', put, removed, addresses, relaned };
  }

  /** For services that other sources know: what is known of the pod at an address. */
  podAt(address: string): PodFacts | undefined {
    const pod = this.#index.podAt(address);
    return pod === undefined ? undefined : factsOf(pod, this.#index);
  }

  /** What could not be taken as it is, each once, in the order of services. */
  problems(): readonly ConversionProblem[] {
    const byObject = new Map<string, ConversionProblem>();
    for (const id of [...this.#problems.keys()].sort()) {
      for (const problem of this.#problems.get(id) ?? [])
        byObject.set(`${problem.code} ${problem.object}`, problem);
    }
    return [...byObject.values()];
  }

  #outdated(services: ReadonlySet<string>, questions: ReadonlySet<string>): ReadonlySet<string> {
    const outdated = new Set(services);
    for (const question of questions) {
      for (const id of this.#askers.in(question)) outdated.add(id);
    }
    return outdated;
  }

  #convert(id: string): SourceService | undefined {
    const service = this.#tables.services.get(id);
    const asked = new Set<string>();
    const converted =
      service === undefined ? undefined : convertService(service, recordQuestions(this.#index, asked));
    this.#replaceQuestions(id, asked);
    if (converted === undefined || converted.problems.length === 0) this.#problems.delete(id);
    else this.#problems.set(id, converted.problems);
    if (converted?.lane === undefined) this.#lanes.delete(id);
    else this.#lanes.set(id, converted.lane);
    return converted?.service;
  }

  #replaceQuestions(id: string, asked: ReadonlySet<string>): void {
    const before = this.#asked.get(id) ?? [];
    // Mostly the answers change, not the questions.
    if (before.length === asked.size && before.every((question) => asked.has(question))) return;
    for (const question of before) if (!asked.has(question)) this.#askers.remove(question, id);
    for (const question of asked) this.#askers.add(question, id);
    if (asked.size === 0) this.#asked.delete(id);
    else this.#asked.set(id, [...asked]);
  }
}
