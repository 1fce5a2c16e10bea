import { setTimeout as delay } from 'node:timers/promises';
import { ServerCredentials } from '@grpc/grpc-js';
import { createFileSource, type CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { Lifecycle, Program } from '@lanekeeper/runtime/lifecycle';
import { createLogger, type Log } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { registerProcessMetrics } from '@lanekeeper/runtime/process-metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { ControlPlaneConfig } from './config.ts';
import { createDiscoveryServer } from './publish/discovery-server.ts';
import { CONNECTION_LIMITS, PUBLISH_LIMITS } from './publish/limits.ts';
import { createPublishMetrics } from './publish/publish-metrics.ts';
import { createPublisher } from './publish/publisher.ts';
import { createTlsCredentials } from './publish/server-credentials.ts';
import { reportStreams } from './publish/stream-report.ts';
import { createMeshSource } from './source/create-mesh-source.ts';
import { createStatusServer } from './status-server.ts';

/** Puts the control plane together. Nothing listens before `start`. */
export async function buildControlPlane(config: ControlPlaneConfig, lifecycle: Lifecycle): Promise<Program> {
  const log = createLogger({ level: config.logLevel, name: 'control-plane' });
  const metrics = new Metrics();
  const stopSampling = registerProcessMetrics(metrics);
  const certificates = createCertificates(config, log, metrics);
  const source = await createMeshSource({ config, log, metrics });
  const publisher = createPublisher({
    catalog: source.catalog,
    authenticator: source.authenticator,
    clusterDomain: config.clusterDomain,
    limits: PUBLISH_LIMITS,
    metrics: createPublishMetrics(metrics),
    log,
  });
  const report = () => ({
    ready: notReady(lifecycle, certificates).length === 0,
    source: config.source.kind,
    problems: source.problems(),
    mesh: source.catalog.mesh().version,
    ...reportStreams(publisher.streams(), Date.now()),
  });
  const status = createStatusServer({
    metrics,
    notReady: () => notReady(lifecycle, certificates),
    status: report,
  });
  // Its credentials are those of a certificate that must be there first.
  let discovery: ReturnType<typeof createDiscoveryServer> | undefined;
  return {
    log,
    drainTimeoutMs: config.drainDelayMs + config.drainTimeoutMs,
    async start() {
      const statusAt = await status.listen(config.statusListen);
      log.info({ status: formatAddress(statusAt), source: config.source.kind }, 'starting');
      await Promise.all([certificates?.start(), source.start()]);
      discovery = createDiscoveryServer({
        credentials: createCredentials(certificates),
        accept: (call) => publisher.accept(call),
        limits: CONNECTION_LIMITS,
      });
      const at = await discovery.listen(config.listen);
      log.info({ discovery: formatAddress(at), tls: certificates !== undefined }, 'listening');
    },
    async drain() {
      await delay(config.drainDelayMs);
      discovery?.refuseNew();
      await publisher.drain(config.drainTimeoutMs * DRAIN_SHARE);
    },
    async close() {
      publisher.close();
      discovery?.close();
      certificates?.close();
      await source.close();
      status.close();
      stopSampling();
    },
  };
}

/** Of the time there is, sidecars are sent away over so much of it; the rest is for those that are slow to go. */
const DRAIN_SHARE = 0.5;

function createCertificates(
  { certificate }: ControlPlaneConfig,
  log: Log,
  metrics: Metrics,
): CertificateSource | undefined {
  if (certificate === undefined) return undefined;
  const source = createFileSource({ files: certificate, log, nowMs: Date.now, whenMissing: 'wait' });
  const notAfter = metrics
    .gauge({
      name: 'lanekeeper_certificate_not_after_timestamp_seconds',
      help: 'When the certificate of discovery ends; sidecars do not connect after that.',
    })
    .with();
  metrics.onCollect(() => notAfter.set(source.notAfterSeconds()));
  return source;
}

function createCredentials(certificates: CertificateSource | undefined): ServerCredentials {
  return certificates === undefined ? ServerCredentials.createInsecure() : createTlsCredentials(certificates);
}

function notReady(lifecycle: Lifecycle, certificates: CertificateSource | undefined): readonly string[] {
  const phase = lifecycle.phase();
  const problem = certificates?.problem();
  return [...(phase === 'ready' ? [] : [phase]), ...(problem === undefined ? [] : [problem])];
}
