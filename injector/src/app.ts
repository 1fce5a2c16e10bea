import { setTimeout as delay } from 'node:timers/promises';
import type { Lifecycle, Program } from '@lanekeeper/runtime/lifecycle';
import { createLogger } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createWebhook } from './admission/http.ts';
import { review } from './admission/review.ts';
import { createWebhookServer } from './admission/webhook-server.ts';
import { createFileSource } from './certificates/file-source.ts';
import type { CertificateSource } from './certificates/source.ts';
import type { InjectorConfig } from './config.ts';
import { readFactsFile } from './facts/static-facts.ts';
import { createInjectionMetrics } from './injection-metrics.ts';
import { createStatusServer } from './status-server.ts';

/** Puts the webhook together. Nothing listens before `start`. Throws ConfigError for a facts file that cannot be used. */
export async function buildInjector(config: InjectorConfig, lifecycle: Lifecycle): Promise<Program> {
  const log = createLogger({ level: config.logLevel, name: 'injector' });
  const metrics = new Metrics();
  const certificates = createFileSource({ files: config.certificate, log, nowMs: Date.now });
  exposeCertificate(metrics, certificates);
  const context = {
    facts: await readFactsFile(config.factsFile),
    ownNamespace: config.namespace,
    factsTimeoutMs: config.factsTimeoutMs,
    template: config.template,
  };
  const handle = createWebhook({
    review: (request) => review(request, context),
    metrics: createInjectionMetrics(metrics),
    log,
    isDraining: () => lifecycle.phase() === 'draining',
    now: () => performance.now(),
  });
  const webhook = createWebhookServer(handle, certificates);
  const status = createStatusServer({ metrics, notReady: () => notReady(lifecycle, certificates) });
  return {
    log,
    drainTimeoutMs: config.drainDelayMs + config.drainTimeoutMs,
    async start() {
      await certificates.start();
      const at = await webhook.listen(config.listen);
      const statusAt = await status.listen(config.statusListen);
      log.info({ webhook: formatAddress(at), status: formatAddress(statusAt) }, 'listening');
    },
    async drain() {
      await delay(config.drainDelayMs);
      await webhook.drain();
    },
    close() {
      certificates.close();
      webhook.close();
      status.close();
    },
  };
}

function notReady(lifecycle: Lifecycle, certificates: CertificateSource): readonly string[] {
  const phase = lifecycle.phase();
  const problem = certificates.problem();
  return [...(phase === 'ready' ? [] : [phase]), ...(problem === undefined ? [] : [problem])];
}

function exposeCertificate(metrics: Metrics, certificates: CertificateSource): void {
  const notAfter = metrics
    .gauge({
      name: 'lanekeeper_certificate_not_after_timestamp_seconds',
      help: 'When the webhook’s certificate ends; the API server does not call the webhook after that.',
    })
    .with();
  metrics.onCollect(() => notAfter.set(certificates.notAfterSeconds()));
}
