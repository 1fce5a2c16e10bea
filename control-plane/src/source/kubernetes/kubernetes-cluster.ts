import { createApiClient, type ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { loadCredentials } from '@lanekeeper/kubernetes/load-credentials';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { LaneAcks } from '../../barrier/lane-acks.ts';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { KubernetesSourceConfig } from '../../config.ts';
import type { Authenticator } from '../../publish/caller.ts';
import { createTokenAuthenticator } from '../../publish/token-authenticator.ts';
import type { ReplicaStatus } from '../../status/mesh-status.ts';
import { createObjectStatuses } from '../../status/create-object-statuses.ts';
import { createStatusBoard, type StatusBoard } from '../../status/status-board.ts';
import type { Source } from '../source.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { followCluster } from './follow-cluster.ts';
import { clusterSource } from './cluster-source.ts';
import { createKinds } from './create-kinds.ts';
import { createLeadership } from './leadership.ts';
import { watchCluster } from './watch-cluster.ts';

export interface ClusterOptions {
  readonly source: KubernetesSourceConfig;
  readonly clusterDomain: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Between two writes of the status; default as the board has it. */
  readonly statusIntervalMs?: number;
  /** Between two looks for kinds that the API server does not serve; default 10 s. */
  readonly lookAgainMs?: number;
}

/** A cluster as the control plane uses it: a source, and the API server for what only it can say and keep. */
export interface KubernetesCluster {
  /** Asks the cluster about the pods that other sources know by address. */
  readonly catalog: CatalogWriter;
  readonly source: Source;
  readonly access: ClusterAccess;
  /** The API server says whose tokens for `audience` the sidecars show. */
  reviewTokens(audience: string): Authenticator;
  /** From now on the ConfigMap of the chart says how this replica stands, and where it leads, how all do. */
  tell(board: ClusterBoard): void;
  /** Another replica may lead. */
  drain(): Promise<void>;
  close(): void;
}

export interface ClusterBoard {
  readonly status: () => ReplicaStatus;
  /** What cannot be taken as it is, of all sources. */
  readonly objects: () => readonly string[];
  /** How far the sidecars are with each lane; absent: nobody counts. */
  readonly acks?: LaneAcks;
}

/** Connects as the settings say. Throws ConfigError where they name no API server. */
export async function openCluster(options: ClusterOptions): Promise<KubernetesCluster> {
  const credentials = await loadCredentials(options.source.api);
  return connectCluster(createApiClient({ credentials, userAgent: 'lanekeeper-control-plane' }), options);
}

export function connectCluster(client: ApiClient, options: ClusterOptions): KubernetesCluster {
  const { source, clusterDomain, log, metrics, statusIntervalMs, lookAgainMs } = options;
  const { namespace, pod } = source;
  const context = {
    ...{ client, log, metrics: createKubernetesMetrics(metrics) },
    ...(lookAgainMs === undefined ? {} : { lookAgainMs }),
  };
  const watch = watchCluster(context);
  const followed = followCluster({ watch, clusterDomain, log });
  const leadership = createLeadership({ client, namespace, pod, log });
  const statuses = createObjectStatuses({ client, leadership, log, metrics });
  const { tables } = watch;
  const isLeader = (): boolean => leadership.isLeader();
  const { subscribe, catalog, laneOf, declare } = followed;
  const kinds = createKinds(source, {
    ...context,
    ...{ tables, subscribe, clusterKnown: watch.synced, laneOf, catalog, namespace, pod, clusterDomain },
    ...{ statuses, isLeader, leadership, declare },
  });
  let board: StatusBoard | undefined;
  return {
    catalog,
    source: clusterSource(watch, followed, kinds),
    access: {
      ...{ tables, subscribe, leadership, standingOf: followed.standingOf },
      ...{ client, namespace, pod, metrics: context.metrics },
    },
    reviewTokens: (audience) =>
      createTokenAuthenticator({
        ...{ reviewer: client, audience, metrics, now: () => performance.now() },
        gatewayAccount: source.gatewayAccount,
      }),
    tell({ status, objects, acks }) {
      if (acks !== undefined) for (const kind of kinds) kind.follow?.(acks);
      board = createStatusBoard({
        ...{ client, status, log, namespace, pod },
        findings: () => ({
          ...{ notInjected: followed.notInjected(), objects: objects() },
          laneDisputes: catalog.laneDisputes(),
        }),
        isLeader,
        isAlive: (replica) => tables.pods.has(`${namespace}/${replica}`),
        ...(statusIntervalMs === undefined ? {} : { intervalMs: statusIntervalMs }),
      });
      leadership.start();
      board.start();
    },
    async drain() {
      board?.stop();
      await leadership.stop();
    },
    close() {
      board?.stop();
      statuses.stop();
      client.close();
    },
  };
}
