import { setTimeout as delay } from 'node:timers/promises';
import { loadCredentials, type CredentialsSource } from '@lanekeeper/kubernetes/load-credentials';
import type { CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { Lifecycle, Program } from '@lanekeeper/runtime/lifecycle';
import { createLogger, type Log } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createStatusServer } from '@lanekeeper/runtime/status-server';
import { createWebhook, MUTATE_PATH, VALIDATE_PATH } from './admission/http.ts';
import { createInjectionReviewer } from './admission/injection-reviewer.ts';
import { review, type ReviewContext } from './admission/review.ts';
import { warmUp } from './admission/warm-up.ts';
import { createWebhookServer } from './admission/webhook-server.ts';
import type { InjectorConfig } from './config.ts';
import { createInjectionMetrics } from './injection-metrics.ts';
import type { SidecarTemplate } from './patch/template.ts';
import { createClusterSurroundings } from './surroundings/from-cluster.ts';
import { createFileSurroundings } from './surroundings/from-files.ts';
import type { Surroundings } from './surroundings/surroundings.ts';
import { createValidationReviewer } from './validation/reviewer.ts';

export interface InjectorOptions {
  readonly config: InjectorConfig;
  /** Where the API server is. */
  readonly credentials: CredentialsSource;
  readonly lifecycle: Lifecycle;
}

/** Puts the webhook together. Nothing listens before `start`. Throws ConfigError for files or credentials that cannot be used. */
export async function buildInjector(options: InjectorOptions): Promise<Program> {
  const { config, lifecycle } = options;
  const log = createLogger({ level: config.logLevel, name: 'injector' });
  const metrics = new Metrics();
  const surroundings = await surroundingsOf(options, metrics, log);
  exposeCertificate(metrics, surroundings.certificates);
  const context = contextOf(config, surroundings);
  const injectionMetrics = createInjectionMetrics(metrics);
  const handle = createWebhook({
    reviewers: {
      [MUTATE_PATH]: createInjectionReviewer({
        review: (request) => review(request, context),
        observe: (request, answer) => surroundings.observe(request, answer),
        metrics: injectionMetrics,
        log,
      }),
      [VALIDATE_PATH]: createValidationReviewer(metrics, log),
    },
    metrics: injectionMetrics,
    log,
    isDraining: () => lifecycle.phase() === 'draining',
    now: () => performance.now(),
  });
  const webhook = createWebhookServer(handle, surroundings.certificates);
  const status = createStatusServer({ metrics, notReady: () => notReady(lifecycle, surroundings) });
  return {
    log,
    drainTimeoutMs: config.drainDelayMs + config.drainTimeoutMs,
    async start() {
      // First, so that whoever waits for a certificate can be asked why.
      const statusAt = await status.listen(config.statusListen);
      await Promise.all([surroundings.start(), warmUp(context)]);
      const at = await webhook.listen(config.listen);
      log.info({ webhook: formatAddress(at), status: formatAddress(statusAt) }, 'listening');
    },
    async drain() {
      await delay(config.drainDelayMs);
      await webhook.drain();
    },
    async close() {
      webhook.close();
      await status.close();
      await surroundings.stop();
    },
  };
}

async function surroundingsOf(
  { config, credentials }: InjectorOptions,
  metrics: Metrics,
  log: Log,
): Promise<Surroundings> {
  const { source, namespace } = config;
  if (source.kind === 'file') return createFileSurroundings(source, log);
  return createClusterSurroundings({
    settings: source,
    namespace,
    credentials: await loadCredentials(credentials),
    metrics,
    log,
  });
}

function contextOf(config: InjectorConfig, surroundings: Surroundings): ReviewContext {
  return {
    facts: surroundings.facts,
    ownNamespace: config.namespace,
    factsTimeoutMs: config.factsTimeoutMs,
    template: (): SidecarTemplate => ({
      ...config.template,
      discovery:
        config.discoveryAddress === undefined
          ? undefined
          : { address: config.discoveryAddress, ca: surroundings.discoveryCa() },
    }),
  };
}

function notReady(lifecycle: Lifecycle, surroundings: Surroundings): readonly string[] {
  const phase = lifecycle.phase();
  return [...(phase === 'ready' ? [] : [phase]), ...surroundings.problems()];
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
