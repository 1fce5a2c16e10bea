import { setTimeout as sleep } from 'node:timers/promises';
import { createReflector } from '@lanekeeper/kubernetes/reflector';
import { CONFIG_MAPS, type Named } from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import { noteKey, readNotes, writeLanes } from './lane-notes.ts';
import { LaneNoteWriter } from './lane-note-writer.ts';
import type { LaneSharing, ReplicaLanes } from './lane-statement.ts';

/** Ships with the chart, empty. */
export const LANES_MAP = 'lanekeeper-lanes';

export interface ClusterSharingOptions {
  readonly cluster: Pick<ClusterAccess, 'client' | 'metrics' | 'namespace' | 'pod' | 'tables'>;
  readonly log: Log;
}

/** An API server that answers has done so by then; sidecars do not wait for one that does not. */
const START_MS = 3_000;
const GOODBYE_MS = 1_000;

/** Replicas tell each other by keys of a ConfigMap how far their sidecars are. */
export function createClusterSharing({ cluster, log }: ClusterSharingOptions): LaneSharing {
  const { client, metrics, namespace, pod, tables } = cluster;
  const place: Named = { resource: CONFIG_MAPS, namespace, name: LANES_MAP };
  const listeners = new Set<() => void>();
  let notes: ReadonlyMap<string, ReplicaLanes> = new Map();
  const isThere = (replica: string): boolean => tables.pods.has(`${namespace}/${replica}`);
  const reflector = createReflector({
    ...{ client, log, metrics, place: { resource: CONFIG_MAPS, namespace } },
    fieldSelector: `metadata.name=${LANES_MAP}`,
    transform: (map) => (map.metadata.name === LANES_MAP ? readNotes(map) : undefined),
    onChange(change) {
      notes = change.kind === 'deleted' ? new Map() : change.value;
      for (const listener of listeners) listener();
    },
  });
  const writer = new LaneNoteWriter({ client, place, log });
  const abort = new AbortController();
  return {
    others: () => new Map([...notes].filter(([replica]) => replica !== pod && isThere(replica))),
    say(lanes, urgency) {
      const gone = [...notes.keys()].filter((replica) => replica !== pod && !isThere(replica));
      const away = Object.fromEntries(gone.map((replica) => [noteKey(replica), null]));
      writer.write({ ...away, [noteKey(pod)]: writeLanes(lanes) }, urgency);
    },
    subscribe: (listener) => void listeners.add(listener),
    async start() {
      reflector.start();
      const patience = sleep(START_MS, 'late', { signal: abort.signal }).catch(() => 'late');
      // Others are to count on this replica before it has sidecars.
      writer.write({ [noteKey(pod)]: writeLanes(new Map()) }, 'now');
      const ready = Promise.all([reflector.synced(), writer.idle()]).then(
        () => 'there',
        // It was closed meanwhile.
        () => 'closed',
      );
      const how = await Promise.race([ready, patience]);
      abort.abort();
      if (how === 'late') log.warn({ configMap: LANES_MAP, waitedMs: START_MS }, 'lanes_of_others_not_known');
    },
    async close() {
      abort.abort();
      reflector.stop();
      const goodbye = sleep(GOODBYE_MS, undefined, { ref: false });
      await Promise.race([writer.end({ [noteKey(pod)]: null }), goodbye]);
    },
  };
}
