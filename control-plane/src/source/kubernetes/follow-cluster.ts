import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { Log } from '@lanekeeper/runtime/log';
import { createCatalog, type CatalogWriter } from '../../catalog/create-catalog.ts';
import type { ClusterChanges, ClusterWatch } from './cluster-tables.ts';
import { ClusterConverter } from './convert/cluster-converter.ts';
import type { LaneClaim } from './convert/lane-claim.ts';
import type { ConversionProblem } from './convert/problem.ts';
import type { KubePod } from './objects.ts';

const UNCHANGED = { keys: new Set<string>(), before: new Map() };
const NO_CHANGES: ClusterChanges = {
  ...{ namespaces: UNCHANGED, pods: UNCHANGED, services: UNCHANGED, slices: UNCHANGED },
};

export interface FollowOptions {
  readonly watch: ClusterWatch;
  readonly clusterDomain: string;
  readonly log: Log;
}

export interface FollowedCluster {
  /** Knows nothing of the cluster until the watch has read everything once; other sources may write to it as well. */
  readonly catalog: CatalogWriter;
  /** What in the cluster cannot be taken as it is. */
  problems(): readonly ConversionProblem[];
  /** Pods of a lane that should have a sidecar and have none, as `namespace/name`. */
  notInjected(): readonly string[];
  /** The lane that all pods are of that a Service (`namespace/name`) selects; undefined: no single one. */
  laneOf(service: string): string | undefined;
  /** How a pod stands: by its labels, or by a lane's selector. */
  standingOf(pod: KubePod): Standing;
  /** Takes this for all that is declared beside Services and pods, and puts it in force together. */
  declare(declared: DeclaredLanes): void;
  /** Told of each change after it is in the catalog. Returns the function that ends it. */
  subscribe(listener: (changes: ClusterChanges) => void): () => void;
}

export interface DeclaredLanes {
  readonly mesh: MeshPart;
  readonly claims: readonly LaneClaim[];
}

/** Keeps a catalog as the cluster is. Starting and stopping the watch is its owner's business. */
export function followCluster({ watch, clusterDomain, log }: FollowOptions): FollowedCluster {
  const converter = new ClusterConverter(watch.tables, clusterDomain);
  const catalog = createCatalog({ clusterDomain, podAt: (address) => converter.podAt(address) });
  const listeners = new Set<(changes: ClusterChanges) => void>();
  let reported: ReadonlySet<string> = new Set();
  watch.onChange((changes) => {
    catalog.apply(converter.apply(changes));
    const problems = converter.problems();
    for (const { code, object, message } of problems) {
      if (!reported.has(`${object} ${message}`)) log.warn({ code, object, message }, 'object_not_usable');
    }
    reported = new Set(problems.map(({ object, message }) => `${object} ${message}`));
    for (const listener of listeners) listener(changes);
  });
  const declare = ({ mesh, claims }: DeclaredLanes): void => {
    const { change, pods } = converter.claim(claims);
    catalog.apply({ ...change, mesh });
    if (pods.size === 0) return;
    // Of the cluster's own objects nothing is different; what is made of these pods is.
    const before = new Map([...pods].flatMap((key) => entryOf(watch.tables.pods, key)));
    for (const listener of listeners) listener({ ...NO_CHANGES, pods: { keys: pods, before } });
  };
  return {
    catalog,
    problems: () => converter.problems(),
    notInjected: () =>
      [...watch.tables.pods]
        .filter(([, { addresses }]) =>
          addresses.some((address) => converter.podAt(address)?.dropReason === 'not-injected'),
        )
        .map(([name]) => name)
        .sort(),
    standingOf: (pod) => converter.standingOf(pod),
    declare,
    laneOf: (service) => converter.laneOf(service),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function entryOf<T>(table: ReadonlyMap<string, T>, key: string): readonly (readonly [string, T])[] {
  const value = table.get(key);
  return value === undefined ? [] : [[key, value]];
}
