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
import type { ClusterKind, KindContext } from './cluster-kind.ts';
import type { ClusterWatch } from './cluster-tables.ts';
import { createEdgeKind } from './edge/edge-kind.ts';
import { followCluster, type FollowedCluster } from './follow-cluster.ts';
import { createGatewayApi } from './gateway-api/gateway-api.ts';
import { createIngresses } from './ingress/ingresses.ts';
import { createLanes } from './lanes/create-lanes.ts';
import { createLeadership } from './leadership.ts';
import { watchCluster } from './watch-cluster.ts';

type CreateKind = (context: KindContext) => ClusterKind;

/** What is watched beside Services and pods. */
const KINDS: readonly CreateKind[] = [createLanes];

/** And what is, where there are gateways. */
function edgeKinds({ gatewayAccount, gatewayServiceType }: KubernetesSourceConfig): readonly CreateKind[] {
  if (gatewayAccount === undefined) return [];
  const serviceType = gatewayServiceType ?? 'ClusterIP';
  return [
    (context) =>
      createEdgeKind(context, [createIngresses, (edge) => createGatewayApi(edge, { serviceType })]),
  ];
}

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
  const { source, clusterDomain, log, metrics, statusIntervalMs } = options;
  const { namespace, pod } = source;
  const clientMetrics = createKubernetesMetrics(metrics);
  const { lookAgainMs } = options;
  const context = {
    ...{ client, log, metrics: clientMetrics },
    ...(lookAgainMs === undefined ? {} : { lookAgainMs }),
  };
  const watch = watchCluster(context);
  const followed = followCluster({ watch, clusterDomain, log });
  const leadership = createLeadership({ client, namespace, pod, log });
  const statuses = createObjectStatuses({ client, leadership, log, metrics });
  const { tables } = watch;
  const isLeader = (): boolean => leadership.isLeader();
  const { subscribe, catalog, laneOf, declare } = followed;
  const kinds = [...KINDS, ...edgeKinds(source)].map((create) =>
    create({
      ...context,
      ...{ tables, subscribe, clusterKnown: watch.synced, laneOf, catalog, namespace, pod, clusterDomain },
      ...{ statuses, isLeader, leadership, declare },
    }),
  );
  let board: StatusBoard | undefined;
  return {
    catalog,
    source: sourceOf(watch, followed, kinds),
    access: {
      ...{ tables, subscribe, leadership, standingOf: followed.standingOf },
      ...{ client, namespace, pod, metrics: clientMetrics },
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
        findings: () => ({ notInjected: followed.notInjected(), objects: objects() }),
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

function sourceOf(watch: ClusterWatch, followed: FollowedCluster, kinds: readonly ClusterKind[]): Source {
  return {
    name: 'kubernetes',
    async start() {
      const all = [watch, ...kinds];
      for (const one of all) one.start();
      await Promise.all(all.map((one) => one.synced()));
    },
    problems: () => [watch, ...kinds].flatMap((one) => one.problems()),
    findings: () => [
      ...followed.problems().map(({ object, message }) => `${object}: ${message}`),
      ...kinds.flatMap((kind) => kind.findings()),
    ],
    close() {
      for (const one of [watch, ...kinds]) one.stop();
    },
  };
}
