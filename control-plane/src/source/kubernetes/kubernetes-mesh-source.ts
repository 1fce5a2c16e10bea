import { createApiClient, type ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { createLeaderLease, type LeaderLease } from '@lanekeeper/kubernetes/leader-lease';
import { loadCredentials } from '@lanekeeper/kubernetes/load-credentials';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { KubernetesSourceConfig } from '../../config.ts';
import { createTokenAuthenticator } from '../../publish/token-authenticator.ts';
import { createStatusBoard, type StatusBoard, type StatusBoardOptions } from '../../status/status-board.ts';
import type { MeshSource } from '../mesh-source.ts';
import { followCluster, type FollowedCluster } from './follow-cluster.ts';
import { watchCluster } from './watch-cluster.ts';

export interface KubernetesMeshOptions {
  readonly source: KubernetesSourceConfig;
  readonly clusterDomain: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Between two writes of the status; default as the board has it. */
  readonly statusIntervalMs?: number;
}

const LEASE = 'lanekeeper-control-plane';

/** Connects as the settings say. Throws ConfigError where they name no API server. */
export async function createKubernetesMeshSource(options: KubernetesMeshOptions): Promise<MeshSource> {
  const credentials = await loadCredentials(options.source.api);
  return followKubernetes(createApiClient({ credentials, userAgent: 'lanekeeper-control-plane' }), options);
}

/** A mesh as the API server knows it; the same server says whose tokens the sidecars show. */
export function followKubernetes(client: ApiClient, options: KubernetesMeshOptions): MeshSource {
  const { source, clusterDomain, log, metrics } = options;
  const watch = watchCluster({ client, log, metrics: createKubernetesMetrics(metrics) });
  const followed = followCluster({ watch, clusterDomain, log });
  const lease = createLease(client, options);
  let board: StatusBoard | undefined;
  return {
    catalog: followed.catalog,
    authenticator: createTokenAuthenticator({
      ...{ reviewer: client, audience: source.tokenAudience, metrics },
      now: () => performance.now(),
    }),
    start() {
      watch.start();
      return watch.synced();
    },
    problems: () => watch.problems(),
    tell(status) {
      board = createBoard(
        { client, options, followed, status },
        {
          isLeader: () => lease.isLeader(),
          isAlive: (pod) => watch.tables.pods.has(`${source.namespace}/${pod}`),
        },
      );
      lease.start();
      board.start();
    },
    async drain() {
      board?.stop();
      await lease.stop();
    },
    close() {
      board?.stop();
      watch.stop();
      client.close();
    },
  };
}

interface BoardDeps {
  readonly client: ApiClient;
  readonly options: KubernetesMeshOptions;
  readonly followed: FollowedCluster;
  readonly status: StatusBoardOptions['status'];
}

function createBoard(
  { client, options, followed, status }: BoardDeps,
  replicas: Pick<StatusBoardOptions, 'isLeader' | 'isAlive'>,
): StatusBoard {
  const { source, log, statusIntervalMs } = options;
  return createStatusBoard({
    ...{ client, status, log, namespace: source.namespace, pod: source.pod, ...replicas },
    findings: () => ({
      notInjected: followed.notInjected(),
      objects: followed.problems().map(({ object, message }) => `${object}: ${message}`),
    }),
    ...(statusIntervalMs === undefined ? {} : { intervalMs: statusIntervalMs }),
  });
}

function createLease(client: ApiClient, { source, log }: KubernetesMeshOptions): LeaderLease {
  return createLeaderLease({
    ...{ client, log, namespace: source.namespace, name: LEASE, identity: source.pod },
    // Whether it leads is looked at with each write; the lease logs its changes itself.
    onElected: () => undefined,
    onLost: () => undefined,
  });
}
