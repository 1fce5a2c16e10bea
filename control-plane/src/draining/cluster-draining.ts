import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { createReflector } from '@lanekeeper/kubernetes/reflector';
import { CONFIG_MAPS, type Named } from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import type { Caller } from '../publish/caller.ts';
import type { Presence } from '../publish/presence.ts';
import type { KubePod } from '../source/kubernetes/objects.ts';
import { STATUS_MAP } from '../status/status-board.ts';
import { readDrainingNotes, type DrainingNotes } from './draining-notes.ts';
import type { DrainingPods, PodId } from './draining-pods.ts';
import { NotesWriter } from './notes-writer.ts';
import { SharedDraining } from './shared-draining.ts';

export interface ClusterDrainingOptions {
  readonly client: ApiClient;
  readonly metrics: KubernetesMetrics;
  /** The control plane's own. */
  readonly namespace: string;
  /** Live, by `namespace/name`; read whole before `start`. */
  readonly pods: ReadonlyMap<string, KubePod>;
  readonly isLeader: () => boolean;
  readonly log: Log;
  /** Between two looks for notes of pods that are gone; default 30 s. */
  readonly sweepMs?: number;
}

export interface ClusterDraining {
  readonly pods: DrainingPods;
  readonly presence: Presence;
  start(): void;
  close(): void;
}

const SWEEP_MS = 30_000;

/**
 * Which pods are about to go, told among the replicas by keys of the ConfigMap that each may write: a sidecar is connected to any of
 * them. A pod that terminates says so to all of them by itself, so only one that stays is written down.
 */
export function createClusterDraining(options: ClusterDrainingOptions): ClusterDraining {
  const { client, namespace, pods, isLeader, log } = options;
  const place: Named = { resource: CONFIG_MAPS, namespace, name: STATUS_MAP };
  const writer = new NotesWriter({
    ...{ client, place, log },
    onWritten: (written, version) => draining.written(written, version),
  });
  const draining: SharedDraining = new SharedDraining({
    note: (uid, pod) => writer.write(uid, pod),
    isGone: ({ uid, pod }) => pods.get(pod)?.meta.uid !== uid,
  });
  const notes = reflectNotes(options, place, (read) => draining.read(read));
  let sweeper: NodeJS.Timeout | undefined;
  return {
    pods: draining,
    presence: {
      draining({ caller }) {
        const id = idOf(caller);
        const pod = id === undefined ? undefined : pods.get(id.pod);
        if (id === undefined || pod?.meta.uid !== id.uid || pod.isTerminating) return;
        draining.drains(id);
      },
      serving({ caller }) {
        const id = idOf(caller);
        if (id !== undefined) draining.serves(id);
      },
    },
    start() {
      notes.start();
      sweeper = setInterval(() => draining.sweep(isLeader()), options.sweepMs ?? SWEEP_MS);
      sweeper.unref();
    },
    close() {
      clearInterval(sweeper);
      notes.stop();
      writer.close();
    },
  };
}

/** By its token: what a sidecar says of itself takes nobody out. */
function idOf(caller: Caller | undefined): PodId | undefined {
  if (caller?.podUid === undefined) return undefined;
  return { uid: caller.podUid, pod: `${caller.namespace}/${caller.pod}` };
}

function reflectNotes(
  { client, metrics, namespace, log }: ClusterDrainingOptions,
  { resource, name }: Pick<Named, 'resource' | 'name'>,
  tell: (notes: DrainingNotes) => void,
) {
  return createReflector({
    ...{ client, log, metrics, place: { resource, namespace }, fieldSelector: `metadata.name=${name}` },
    transform: (map) => (map.metadata.name === name ? readDrainingNotes(map) : undefined),
    onChange: (change) => tell(change.kind === 'deleted' ? { ...change.old, pods: new Map() } : change.value),
  });
}
