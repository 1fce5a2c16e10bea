import { setTimeout as delay } from 'node:timers/promises';
import { createFileSource, type CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { Lifecycle, Program } from '@lanekeeper/runtime/lifecycle';
import { createLogger, type Log } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { registerProcessMetrics } from '@lanekeeper/runtime/process-metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createStatusServer, type StatusPages } from '@lanekeeper/runtime/status-server';
import { createLaneBarrier } from './barrier/create-lane-barrier.ts';
import type { ControlPlaneConfig } from './config.ts';
import { createDiscovery } from './publish/create-discovery.ts';
import { createMeshSource } from './source/create-mesh-source.ts';
import type { MeshSource } from './source/mesh-source.ts';
import { createWorkloads } from './workloads.ts';

/** `/status` is for people: the first ones show what is wrong. */
const MOST_OBJECTS = 100;

/** Puts the control plane together. Nothing listens before `start`. */
export async function buildControlPlane(config: ControlPlaneConfig, lifecycle: Lifecycle): Promise<Program> {
  const log = createLogger({ level: config.logLevel, name: 'control-plane' });
  const metrics = new Metrics();
  const stopSampling = registerProcessMetrics(metrics);
  const certificates = createCertificates(config, log, metrics);
  const known = await createMeshSource({ config, log, metrics });
  const workloads = await createWorkloads({ source: known, log, metrics });
  const { source, presence } = workloads;
  const barrier = await createLaneBarrier({ ...source, timeoutMs: config.laneTimeoutMs, metrics, log });
  const discovery = createDiscovery({ config, source, barrier, presence, certificates, metrics, log });
  const status = createStatusServer({
    metrics,
    notReady: () => notReady(lifecycle, certificates, source),
    pages: statusPage(() => ({
      ...discovery.status(),
      lanes: barrier.report(),
      objects: source.findings().slice(0, MOST_OBJECTS),
    })),
  });
  return {
    log,
    drainTimeoutMs: config.drainDelayMs + config.drainTimeoutMs,
    async start() {
      const statusAt = await status.listen(config.statusListen);
      log.info({ status: formatAddress(statusAt), sources: namesOf(config) }, 'starting');
      await Promise.all([certificates?.start(), source.start()]);
      await barrier.begin();
      const at = await discovery.listen();
      workloads.start();
      source.tell({ status: discovery.status, objects: source.findings, acks: barrier.acks });
      log.info({ discovery: formatAddress(at), tls: certificates !== undefined }, 'listening');
    },
    async drain() {
      await Promise.all([delay(config.drainDelayMs), source.drain()]);
      await discovery.drain();
    },
    async close() {
      discovery.close();
      await barrier.close();
      certificates?.close();
      await workloads.close();
      source.close();
      await status.close();
      stopSampling();
    },
  };
}

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

function notReady(
  lifecycle: Lifecycle,
  certificates: CertificateSource | undefined,
  source: Pick<MeshSource, 'awaited'>,
): readonly string[] {
  const phase = lifecycle.phase();
  const problem = certificates?.problem();
  return [
    ...(phase === 'ready' ? [] : [phase]),
    ...(phase === 'starting' ? source.awaited() : []),
    ...(problem === undefined ? [] : [problem]),
  ];
}

function namesOf({ sources }: ControlPlaneConfig): readonly string[] {
  return Object.entries(sources).flatMap(([name, source]) => (source === undefined ? [] : [name]));
}

/** `/status`: counts and generations as JSON. */
function statusPage(status: () => unknown): StatusPages {
  const path = '/status';
  return {
    paths: [path],
    ask: (asked) =>
      asked === path
        ? { status: 200, text: `${JSON.stringify(status())}\n`, contentType: 'application/json' }
        : undefined,
  };
}
