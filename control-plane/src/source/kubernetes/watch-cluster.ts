import { ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES } from '@lanekeeper/kubernetes/resources';
import type { ClusterChanges, ClusterWatch } from './cluster-tables.ts';
import { readNamespace } from './read/read-meta.ts';
import { readPod } from './read/read-pod.ts';
import { readService } from './read/read-service.ts';
import { readSlice } from './read/read-slice.ts';
import { watchTable, type WatchContext } from './watch-table.ts';

/** A pod that has ended is nobody's endpoint and never becomes one again; Jobs leave thousands. */
const LIVING_PODS = 'status.phase!=Succeeded,status.phase!=Failed';

/** Four reflectors as one; nothing is asked of the server before `start`. */
export function watchCluster(context: WatchContext): ClusterWatch {
  const teller = createTeller(context, () => tables);
  const onPending = teller.schedule;
  const tables = {
    namespaces: watchTable(context, { resource: NAMESPACES, read: readNamespace, onPending }),
    pods: watchTable(context, { resource: PODS, read: readPod, fieldSelector: LIVING_PODS, onPending }),
    services: watchTable(context, { resource: SERVICES, read: readService, onPending }),
    slices: watchTable(context, { resource: ENDPOINT_SLICES, read: readSlice, onPending }),
  };
  const all = Object.values(tables);
  // Who waits for it finds that the listener has been told.
  const synced = Promise.all(all.map((table) => table.synced())).then(teller.tell);
  // Whoever does not wait for it has no use for the rejection.
  synced.catch(() => undefined);
  return {
    tables: {
      namespaces: tables.namespaces.store,
      pods: tables.pods.store,
      services: tables.services.store,
      slices: tables.slices.store,
    },
    hasSynced: () => all.every((table) => table.hasSynced()),
    synced: () => synced,
    onChange: teller.listen,
    problems: () => all.flatMap((table) => table.problems()),
    start: () => all.forEach((table) => table.start()),
    stop() {
      teller.stop();
      all.forEach((table) => table.stop());
    },
  };
}

type Tables = {
  readonly [Name in keyof ClusterChanges]: {
    take(): ClusterChanges[Name];
    isUnchanged(): boolean;
    hasSynced(): boolean;
  };
};

interface Teller {
  schedule(): void;
  /** Tells now what there is to tell. */
  tell(): void;
  listen(listener: (changes: ClusterChanges) => void): void;
  stop(): void;
}

function createTeller({ log }: WatchContext, tablesOf: () => Tables): Teller {
  let listener: ((changes: ClusterChanges) => void) | undefined;
  let next: NodeJS.Immediate | undefined;
  const tell = (): void => {
    clearImmediate(next);
    next = undefined;
    const tables = tablesOf();
    const all = Object.values(tables);
    if (listener === undefined || !all.every((table) => table.hasSynced())) return;
    if (all.every((table) => table.isUnchanged())) return;
    try {
      listener(takeAll(tables));
    } catch (err) {
      // Those watches go on; the mistake is the listener's, and must be seen.
      log.error({ err }, 'cluster_listener_failed');
    }
  };
  const schedule = (): void => {
    next ??= setImmediate(tell);
  };
  return {
    schedule,
    tell,
    listen(added) {
      if (listener !== undefined)
        throw new TypeError('the changes of a cluster have one listener, and it is set');
      listener = added;
      schedule();
    },
    stop: () => clearImmediate(next),
  };
}

function takeAll(tables: Tables): ClusterChanges {
  return {
    namespaces: tables.namespaces.take(),
    pods: tables.pods.take(),
    services: tables.services.take(),
    slices: tables.slices.take(),
  };
}
