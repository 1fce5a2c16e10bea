import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  SECRETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import {
  createCertificateStore,
  SECRET_NAMES,
  type CertificateStore,
} from '../certificates/certificate-store.ts';
import { createServedCertificate, type ServedCertificate } from '../certificates/served-certificate.ts';
import { watchCertificates, type WatchedCertificates } from '../certificates/watch-certificates.ts';
import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';

const NAMESPACE = 'lanekeeper-system';
const CONFIGURATION = 'lanekeeper-injector';

/** An API server with what the chart ships: empty Secrets, and webhooks that trust nobody. */
export interface CertificateCluster {
  readonly server: ApiServer;
  readonly client: ApiClient;
  readonly store: CertificateStore;
  readonly log: RecordingLog;
  /** As `kubectl replace` would: the webhooks as the chart has them. */
  wipeConfiguration(): void;
  /** A replica's view of it all. */
  replica(onChange?: () => void): Replica;
  close(): Promise<void>;
}

export interface Replica {
  readonly served: ServedCertificate;
  readonly watched: WatchedCertificates;
}

export async function createCertificateCluster(): Promise<CertificateCluster> {
  const server = new ApiServer();
  await server.start();
  const client = openClient(server.url);
  const log = createRecordingLog();
  const kubernetesMetrics = createKubernetesMetrics(new Metrics());
  const replicas: Replica[] = [];
  const wipeConfiguration = (): void => {
    const clientConfig = { service: { name: CONFIGURATION, namespace: NAMESPACE, path: '/mutate' } };
    const webhooks = ['pod', 'workload'].map((name) => ({ name: `${name}.lanekeeper.io`, clientConfig }));
    server.put(
      { resource: MUTATING_WEBHOOK_CONFIGURATIONS },
      { metadata: { name: CONFIGURATION }, webhooks },
    );
    server.put(
      { resource: VALIDATING_WEBHOOK_CONFIGURATIONS },
      { metadata: { name: CONFIGURATION }, webhooks: [{ name: 'objects.lanekeeper.io', clientConfig }] },
    );
  };
  for (const name of Object.values(SECRET_NAMES)) {
    server.put({ resource: SECRETS }, { metadata: { name, namespace: NAMESPACE, labels: { chart: 'x' } } });
  }
  wipeConfiguration();
  return {
    server,
    client,
    store: createCertificateStore(client, { namespace: NAMESPACE, webhookConfiguration: CONFIGURATION }),
    log,
    wipeConfiguration,
    replica(onChange = () => undefined) {
      const served = createServedCertificate({ log, nowMs: Date.now, settleMs: 100 });
      const settings = { webhookConfiguration: CONFIGURATION };
      const options = { client, log, kubernetesMetrics, namespace: NAMESPACE, settings, served, onChange };
      const replica = { served, watched: watchCertificates(options) };
      replicas.push(replica);
      return replica;
    },
    async close() {
      for (const { served, watched } of replicas) {
        served.close();
        watched.stop();
      }
      client.close();
      await server.stop();
    },
  };
}
