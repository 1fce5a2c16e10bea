import { Failure } from '../output/failure.ts';
import { nameOf, type SidecarPod } from './sidecar-pods.ts';

/** The pod that somebody means by `a-gray`, `a-gray-7d4b9-x2`, `deploy/a-gray` or `shop/a-gray-7d4b9-x2`. */
export function findPod(pods: readonly SidecarPod[], wanted: string, namespace: string): SidecarPod {
  const bare = wanted.replace(/^(deploy|deployment|sts|statefulset|ds|daemonset|pod|pods)\//, '');
  const full = bare.includes('/') ? bare : `${namespace}/${bare}`;
  const found = lookUp(pods, full);
  if (found !== undefined) return found;
  const elsewhere = bare.includes('/')
    ? []
    : [...new Set(pods.map((pod) => pod.namespace))].filter((each) => lookUp(pods, `${each}/${bare}`));
  if (elsewhere.length > 0) {
    throw new Failure(`no pod with a sidecar is called ${bare} in the namespace ${namespace}`, {
      next: `lanectl … -n ${elsewhere.join(', or -n ')}`,
    });
  }
  throw new Failure(whyNot(pods, full), { next: 'lanectl doctor --category injection' });
}

/** A name, what a workload's pods are called by, or an app. */
function lookUp(pods: readonly SidecarPod[], full: string): SidecarPod | undefined {
  return (
    pods.find((pod) => nameOf(pod) === full) ??
    pods.find((pod) => nameOf(pod).startsWith(`${full}-`)) ??
    pods.find((pod) => `${pod.namespace}/${pod.app}` === full)
  );
}

function whyNot(pods: readonly SidecarPod[], full: string): string {
  const [namespace = '', name = ''] = full.split('/');
  const known = pods.filter((pod) => pod.namespace === namespace).map((pod) => pod.name);
  return known.length === 0
    ? `no pod with a sidecar runs in the namespace ${namespace}`
    : `no pod with a sidecar is called ${name} in the namespace ${namespace}; there are ${known.slice(0, 10).join(', ')}`;
}
