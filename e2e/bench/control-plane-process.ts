// The control plane of the benchmark: converter, catalog, publisher and server as they are shipped, over TLS and with tokens. Only
// the API server is not there: the tables that its watches fill are filled here, and tokens are reviewed in this process.
import { createDiscovery } from '@lanekeeper/control-plane/publish/create-discovery';
import { createTokenAuthenticator } from '@lanekeeper/control-plane/publish/token-authenticator';
import type {
  ClusterChanges,
  ClusterWatch,
} from '@lanekeeper/control-plane/source/kubernetes/cluster-tables';
import { TestCluster } from '@lanekeeper/control-plane/source/kubernetes/convert/cluster.fixture';
import { followCluster } from '@lanekeeper/control-plane/source/kubernetes/follow-cluster';
import { TestCertificate } from '@lanekeeper/control-plane/testing/test-certificate';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { createLogger } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { clusterObjects, readinessChange, sidecarIdentity } from './control-plane-mesh.ts';
import { nowMs, type FromControlPlane, type ToControlPlane } from './control-plane-messages.ts';

const AUDIENCE = 'lanekeeper';
const log = createLogger({ level: 'error', name: 'control-plane' });
const metrics = new Metrics();
const cluster = new TestCluster();
let told: (changes: ClusterChanges) => void = () => undefined;
const watch: ClusterWatch = {
  tables: cluster.tables,
  hasSynced: () => true,
  synced: () => Promise.resolve(),
  onChange: (listener) => (told = listener),
  problems: () => [],
  start: () => undefined,
  stop: () => undefined,
};
const { catalog } = followCluster({ watch, clusterDomain: 'cluster.local', log });
cluster.put(...clusterObjects());
told(cluster.changes());

const pair = makePair('control-plane');
const discovery = createDiscovery({
  config: { listen: { address: '127.0.0.1', port: 0 }, clusterDomain: 'cluster.local', drainTimeoutMs: 0 },
  source: { catalog, authenticator: createAuthenticator(), problems: () => [], want: undefined },
  certificates: new TestCertificate(pair),
  metrics,
  log,
});

process.on('message', ({ pods }: ToControlPlane) => {
  const at = nowMs();
  for (const { index, isReady } of pods) cluster.put(...readinessChange(index, isReady));
  told(cluster.changes());
  send({ kind: 'changed', at });
});
process.on('disconnect', () => process.exit());
const { port } = await discovery.listen();
send({ kind: 'listening', port, ca: pair.cert });

/** Tokens are `sidecar-7`. */
function createAuthenticator(): ReturnType<typeof createTokenAuthenticator> {
  const reviewToken = (token: string) => {
    const { pod, namespace } = sidecarIdentity(Number(token.slice('sidecar-'.length)));
    const extra = {
      'authentication.kubernetes.io/pod-name': [pod],
      'authentication.kubernetes.io/pod-uid': [`uid-${pod}`],
    };
    const username = `system:serviceaccount:${namespace}:default`;
    return Promise.resolve({ authenticated: true, error: '', username, audiences: [AUDIENCE], extra });
  };
  return createTokenAuthenticator({
    reviewer: { reviewToken },
    audience: AUDIENCE,
    metrics,
    now: () => performance.now(),
  });
}

function send(message: FromControlPlane): void {
  process.send?.(message);
}
