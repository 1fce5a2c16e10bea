import { toReview } from './respond.ts';
import { decodeReview } from './decode.ts';
import { review, type ReviewContext } from './review.ts';

/** Enough for Node to compile what each admission runs through; some 100 ms, before the replica is ready. */
const ROUNDS = 300;

const NAMESPACE = 'warm-up';

/** Runs an admission through everything but the network: the first pods of a replica would otherwise wait for the compiler. */
export async function warmUp(context: ReviewContext): Promise<void> {
  const text = JSON.stringify(reviewOfBusyPod());
  const labels = { 'lanekeeper.io/injection': 'enabled' };
  const facts = {
    ...context.facts,
    namespace: () => Promise.resolve({ labels, annotations: {} }),
    nativeSidecars: () => context.facts.nativeSidecars(),
    containerLimits: () => [],
  };
  for (let count = 0; count < ROUNDS; count++) {
    const request = decodeReview(text);
    JSON.stringify(toReview(request.uid, await review(request, { ...context, facts })));
  }
}

function reviewOfBusyPod(): object {
  const variables = Array.from({ length: 30 }, (_, index) => ({
    name: `NAME_${index}`,
    value: `value ${index}`,
  }));
  const container = {
    name: 'app',
    image: 'app:1',
    env: variables,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
    livenessProbe: { tcpSocket: { port: 8080 } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'b-',
      labels: { app: 'b', 'alicloud.service.tag': 'gray' },
      annotations: { note: 'x' },
    },
    spec: { containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
  };
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const request = { uid: 'warm-up', kind, operation: 'CREATE', namespace: NAMESPACE, dryRun: true, object };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}
