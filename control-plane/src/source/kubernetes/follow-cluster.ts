import type { Log } from '@lanekeeper/runtime/log';
import { createCatalog, type CatalogWriter } from '../../catalog/create-catalog.ts';
import type { ClusterChanges, ClusterWatch } from './cluster-tables.ts';
import { ClusterConverter } from './convert/cluster-converter.ts';
import type { ConversionProblem } from './convert/problem.ts';

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
  /** Told of each change after it is in the catalog. Returns the function that ends it. */
  subscribe(listener: (changes: ClusterChanges) => void): () => void;
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
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
