import { ServerCredentials } from '@grpc/grpc-js';
import { Metrics } from '@lanekeeper/runtime/metrics';
import type { Barrier } from '../barrier/barrier.ts';
import { connectedSidecars } from '../barrier/connected-sidecars.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { NO_AUTHENTICATION, type Authenticator } from '../publish/caller.ts';
import {
  createDiscoveryServer,
  type ConnectionLimits,
  type DiscoveryServer,
} from '../publish/discovery-server.ts';
import { CONNECTION_LIMITS, PUBLISH_LIMITS } from '../publish/limits.ts';
import type { Presence } from '../publish/presence.ts';
import { createPublishMetrics, type PublishMetrics } from '../publish/publish-metrics.ts';
import { createPublisher, type Publisher, type PublishLimits } from '../publish/publisher.ts';
import { DiscoveryClient, type ClientOptions } from './discovery-client.ts';
import { TestMesh } from './test-mesh.ts';
import type { LookEnd } from '../publish/wanted-keys.ts';
import type { Want } from '../source/source.ts';
import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';

export interface FixtureOptions {
  readonly mesh?: TestMesh;
  readonly authenticator?: Authenticator;
  readonly credentials?: ServerCredentials;
  readonly limits?: Partial<PublishLimits>;
  readonly connections?: Partial<ConnectionLimits>;
  readonly presence?: Presence;
  /** Made of the catalog of the mesh; its own is published. */
  readonly barrier?: (catalog: Catalog) => Barrier;
  readonly want?: Want;
}

export interface DiscoveryFixture {
  readonly mesh: TestMesh;
  readonly publisher: Publisher;
  readonly server: DiscoveryServer;
  readonly metrics: PublishMetrics;
  /** How looks for what was asked for have ended. */
  readonly looked: readonly LookEnd[];
  readonly log: RecordingLog;
  readonly port: number;
  /** A client that is closed with the fixture. */
  connect(options?: Partial<ClientOptions>): DiscoveryClient;
  close(): void;
}

/** A publisher behind a real server on a port of its own. */
export async function startDiscovery(options: FixtureOptions = {}): Promise<DiscoveryFixture> {
  const mesh = options.mesh ?? new TestMesh();
  const log = createRecordingLog();
  const looked: LookEnd[] = [];
  const metrics: PublishMetrics = {
    ...createPublishMetrics(new Metrics()),
    looked: (how) => void looked.push(how),
  };
  const barrier = options.barrier?.(mesh.catalog);
  const catalog = barrier?.catalog ?? mesh.catalog;
  const publisher = createPublisher({
    catalog,
    sidecarsChanged: () => barrier?.sidecarsChanged(),
    authenticator: options.authenticator ?? NO_AUTHENTICATION,
    clusterDomain: 'cluster.local',
    limits: { ...PUBLISH_LIMITS, quietMs: 5, ...options.limits },
    metrics,
    log,
    ...(options.presence === undefined ? {} : { presence: options.presence }),
    ...(options.want === undefined ? {} : { want: options.want }),
  });
  barrier?.follow(() =>
    connectedSidecars(
      [...publisher.streams()].flatMap(({ session }) => session ?? []),
      catalog,
    ),
  );
  const server = createDiscoveryServer({
    credentials: options.credentials ?? ServerCredentials.createInsecure(),
    accept: (call) => publisher.accept(call),
    limits: { ...CONNECTION_LIMITS, ...options.connections },
  });
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  const clients: DiscoveryClient[] = [];
  return {
    ...{ mesh, publisher, server, metrics, looked, log, port },
    connect(client = {}) {
      const connected = new DiscoveryClient({ port, ...client });
      clients.push(connected);
      return connected;
    },
    close() {
      for (const client of clients) client.close();
      publisher.close();
      server.close();
    },
  };
}
