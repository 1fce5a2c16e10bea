import { Failure } from '../output/failure.ts';
import { nameOf, type SidecarPod } from './sidecar-pods.ts';

/** The pod that somebody means by `a-gray`, `a-gray-7d4b9-x2`, `deploy/a-gray` or `shop/a-gray-7d4b9-x2`. */
export function findPod(pods: readonly SidecarPod[], wanted: string, namespace: string): SidecarPod {
  const bare = wanted.replace(/^(deploy|deployment|sts|statefulset|ds|daemonset|pod|pods)\//, '');
  const full = bare.includes('/') ? bare : `${namespace}/${bare}`;
  const found =
    pods.find((pod) => nameOf(pod) === full) ??
    pods.find((pod) => nameOf(pod).startsWith(`${full}-`)) ??
    pods.find((pod) => `${pod.namespace}/${pod.app}` === full);
  if (found !== undefined) return found;
  const known = pods
    .filter((pod) => pod.namespace === full.slice(0, full.indexOf('/')))
    .map(({ name }) => name);
  throw new Failure(
    known.length === 0
      ? `no pod with a sidecar runs in the namespace ${full.slice(0, full.indexOf('/'))}`
      : `no pod with a sidecar is called ${bare}; there are ${known.slice(0, 10).join(', ')}`,
    { next: 'lanectl doctor -n NAMESPACE says why pods have none' },
  );
}
