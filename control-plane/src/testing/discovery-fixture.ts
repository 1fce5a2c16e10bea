import { ServerCredentials } from '@grpc/grpc-js';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { NO_AUTHENTICATION, type Authenticator } from '../publish/caller.ts';
import { createDiscoveryServer, type DiscoveryServer } from '../publish/discovery-server.ts';
import { createPublishMetrics, type PublishMetrics } from '../publish/publish-metrics.ts';
import { createPublisher, type Publisher, type PublishLimits } from '../publish/publisher.ts';
import { DiscoveryClient, type ClientOptions } from './discovery-client.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';

export interface FixtureOptions {
  readonly catalog?: MemoryCatalog;
  readonly authenticator?: Authenticator;
  readonly credentials?: ServerCredentials;
  readonly limits?: Partial<PublishLimits>;
}

export interface DiscoveryFixture {
  readonly catalog: MemoryCatalog;
  readonly publisher: Publisher;
  readonly server: DiscoveryServer;
  readonly metrics: PublishMetrics;
  readonly log: RecordingLog;
  readonly port: number;
  /** A client that is closed with the fixture. */
  connect(options?: Partial<ClientOptions>): DiscoveryClient;
  close(): void;
}

const LIMITS: PublishLimits = {
  helloMs: 10_000,
  answerMs: 10_000,
  ageMs: 600_000,
  maxStreams: 1_000,
  maxBufferedBytes: 64 * 1024 * 1024,
  quietMs: 5,
  maxQuietMs: 50,
};

/** A publisher behind a real server on a port of its own. */
export async function startDiscovery(options: FixtureOptions = {}): Promise<DiscoveryFixture> {
  const catalog = options.catalog ?? new MemoryCatalog();
  const log = createRecordingLog();
  const metrics = createPublishMetrics(new Metrics());
  const publisher = createPublisher({
    catalog,
    authenticator: options.authenticator ?? NO_AUTHENTICATION,
    clusterDomain: 'cluster.local',
    limits: { ...LIMITS, ...options.limits },
    metrics,
    log,
  });
  const server = createDiscoveryServer({
    credentials: options.credentials ?? ServerCredentials.createInsecure(),
    accept: (call) => publisher.accept(call),
    limits: {
      maxConnections: 1_000,
      firstStreamMs: 10_000,
      keepaliveMs: 30_000,
      keepaliveTimeoutMs: 10_000,
      connectionAgeMs: 600_000,
    },
  });
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  const clients: DiscoveryClient[] = [];
  return {
    ...{ catalog, publisher, server, metrics, log, port },
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
