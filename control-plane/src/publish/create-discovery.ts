import { ServerCredentials } from '@grpc/grpc-js';
import type { CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Barrier } from '../barrier/barrier.ts';
import { connectedSidecars, type SidecarSession } from '../barrier/connected-sidecars.ts';
import type { ControlPlaneConfig } from '../config.ts';
import type { MeshSource } from '../source/mesh-source.ts';
import type { ReplicaStatus } from '../status/mesh-status.ts';
import { createDiscoveryServer, type DiscoveryServer } from './discovery-server.ts';
import type { Presence } from './presence.ts';
import { CONNECTION_LIMITS, PUBLISH_LIMITS } from './limits.ts';
import { createPublishMetrics } from './publish-metrics.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createTlsCredentials } from './server-credentials.ts';
import { reportStreams } from './stream-report.ts';

export interface DiscoveryDeps {
  readonly config: Pick<ControlPlaneConfig, 'listen' | 'clusterDomain' | 'drainTimeoutMs'>;
  readonly source: Pick<MeshSource, 'catalog' | 'authenticator' | 'problems' | 'want'>;
  /** Who wants to hear what sidecars say of their workloads. */
  readonly presence?: Presence | undefined;
  /** Holds back the rules of lanes that not all sidecars route yet: its catalog is published then. Absent: nothing is held back. */
  readonly barrier?: Barrier;
  /** Undefined: no TLS. */
  readonly certificates: CertificateSource | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface Discovery {
  /** Not before the certificates and the source have started. */
  listen(): Promise<SocketAddress>;
  status(): ReplicaStatus;
  /** Sends the sidecars to other replicas, few at a time. */
  drain(): Promise<void>;
  close(): void;
}

/** Of the time there is, sidecars are sent away over so much of it; the rest is for those that are slow to go. */
const DRAIN_SHARE = 0.5;

/** Problems are for people, and kept in a ConfigMap of at most 1 MiB, for all replicas. */
const MOST_PROBLEMS = 50;
const MOST_CHARS = 500;

/** Publisher and server as one, with the limits of a replica. */
export function createDiscovery(deps: DiscoveryDeps): Discovery {
  const { config, source, barrier, certificates, presence, metrics, log } = deps;
  const { catalog } = barrier ?? source;
  const publisher = createPublisher({
    catalog,
    sidecarsChanged: () => barrier?.sidecarsChanged(),
    authenticator: source.authenticator,
    clusterDomain: config.clusterDomain,
    limits: PUBLISH_LIMITS,
    metrics: createPublishMetrics(metrics),
    log,
    ...(source.want === undefined ? {} : { want: source.want }),
    ...(presence === undefined ? {} : { presence }),
  });
  barrier?.follow(() => connectedSidecars(sessionsOf(publisher), catalog));
  let server: DiscoveryServer | undefined;
  return {
    listen() {
      const credentials =
        certificates === undefined ? ServerCredentials.createInsecure() : createTlsCredentials(certificates);
      const accept = publisher.accept.bind(publisher);
      server = createDiscoveryServer({ credentials, accept, limits: CONNECTION_LIMITS });
      return server.listen(config.listen);
    },
    status: () => ({
      mesh: catalog.mesh().version,
      problems: source
        .problems()
        .slice(0, MOST_PROBLEMS)
        .map((problem) => problem.slice(0, MOST_CHARS)),
      ...reportStreams(publisher.streams(), Date.now()),
    }),
    async drain() {
      server?.refuseNew();
      await publisher.drain(config.drainTimeoutMs * DRAIN_SHARE);
    },
    close() {
      publisher.close();
      server?.close();
    },
  };
}

function* sessionsOf(publisher: Publisher): Iterable<SidecarSession> {
  for (const { session } of publisher.streams()) if (session !== undefined) yield session;
}
