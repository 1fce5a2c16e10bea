import { createApiClient, type ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { Credentials } from '@lanekeeper/kubernetes/credentials';
import { createEventRecorder, type EventRecorder } from '@lanekeeper/kubernetes/events';
import { createKubernetesMetrics, type KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { createLeaderLease, type LeaderLease } from '@lanekeeper/kubernetes/leader-lease';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import { createCertificateStore } from '../certificates/certificate-store.ts';
import { createPublisher } from '../certificates/cert-manager.ts';
import { tendAuthority } from '../certificates/self-signed.ts';
import { createServedCertificate, type ServedCertificate } from '../certificates/served-certificate.ts';
import { watchCertificates, type WatchedCertificates } from '../certificates/watch-certificates.ts';
import type { KubernetesSettings } from '../config.ts';
import { createKubernetesFacts, type KubernetesFacts } from '../facts/kubernetes-facts.ts';
import { createLeaderWork, type LeaderWork } from '../leader-work.ts';
import { createReconciler } from '../reconcile/reconciler.ts';
import { createSkipEvents } from '../report/skip-events.ts';
import type { Surroundings } from './surroundings.ts';

export interface ClusterOptions {
  readonly settings: KubernetesSettings;
  /** The injector's own. */
  readonly namespace: string;
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  readonly log: Log;
}

const CONTROLLER = 'lanekeeper.io/injector';
/** Within which API servers trust what was published; they watch the configuration. */
const SETTLE_MS = 5_000;
/** How often the leader looks whether a certificate is due, when nothing has changed. */
const LOOK_MS = 60_000;

interface Parts extends ClusterOptions {
  readonly client: ApiClient;
  readonly kubernetesMetrics: KubernetesMetrics;
  readonly facts: KubernetesFacts;
  readonly events: EventRecorder;
}

/** With the API server: facts by watches, certificates from Secrets, and a Lease for what one replica does for all. */
export function createClusterSurroundings(options: ClusterOptions): Surroundings {
  const parts = connect(options);
  const { client, facts, events, log } = parts;
  const served = createServedCertificate({ log, nowMs: Date.now, settleMs: SETTLE_MS });
  const certificateWork = createCertificateWork(parts);
  const watched = watchCertificates({ ...parts, served, onChange: () => certificateWork.wake() });
  const reconciler = createReconciler({ ...parts, everyMs: options.settings.reconcileMs });
  const factsKnown = Promise.withResolvers<void>();
  const lease = createLease(parts, {
    elected(term) {
      void certificateWork.run(term);
      // Without facts, no namespace would ask for anything.
      void factsKnown.promise.then(() => reconciler.run(term));
    },
    lost: () => reconciler.forget(),
  });
  return {
    facts,
    certificates: served,
    discoveryCa: () => watched.discoveryCa(),
    observe: createSkipEvents(events),
    problems: () => problemsOf(served, watched),
    async start() {
      lease.start();
      await Promise.all([facts.start().then(factsKnown.resolve), watched.start(), served.start()]);
    },
    async stop() {
      served.close();
      watched.stop();
      facts.stop();
      await Promise.all([lease.stop(), events.close()]);
      client.close();
    },
  };
}

function connect(options: ClusterOptions): Parts {
  const { settings, credentials, metrics, log } = options;
  const client = createApiClient({ credentials, userAgent: 'lanekeeper-injector' });
  const kubernetesMetrics = createKubernetesMetrics(metrics);
  return {
    ...options,
    client,
    kubernetesMetrics,
    facts: createKubernetesFacts({
      client,
      log,
      metrics: kubernetesMetrics,
      nativeSidecars: settings.nativeSidecars,
    }),
    events: createEventRecorder({ client, log, controller: CONTROLLER, instance: settings.pod }),
  };
}

function createCertificateWork({ client, settings, namespace, log }: Parts): LeaderWork {
  const { webhookConfiguration, caLifeMs, leafLifeMs, names } = settings;
  const store = createCertificateStore(client, { namespace, webhookConfiguration });
  const authority = { store, log, caLifeMs, leafLifeMs, names, nowMs: Date.now };
  return createLeaderWork({
    name: 'certificates',
    log,
    round:
      settings.certificates === 'self-signed'
        ? () => tendAuthority(authority)
        : createPublisher({ store, log, nowMs: Date.now }),
    everyMs: Math.min(LOOK_MS, leafLifeMs / 30),
  });
}

interface Term {
  readonly elected: (term: AbortSignal) => void;
  readonly lost: () => void;
}

function createLease({ client, log, namespace, settings }: Parts, { elected, lost }: Term): LeaderLease {
  return createLeaderLease({
    client,
    log,
    namespace,
    name: 'lanekeeper-injector',
    identity: settings.pod,
    onElected: elected,
    onLost: lost,
  });
}

function problemsOf(served: ServedCertificate, watched: WatchedCertificates): readonly string[] {
  const problem = served.problem();
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(watched.discoveryCa() === undefined ? ['there is no CA for sidecars yet'] : []),
  ];
}
