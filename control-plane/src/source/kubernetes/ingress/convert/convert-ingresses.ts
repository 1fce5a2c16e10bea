import type { EdgeConfig, EdgePolicy } from '@lanekeeper/protocol/edge';
import { readIngressSettings } from '@lanekeeper/mesh-file/ingress-annotations/ingress-settings';
import type { BackendView } from '../../edge/backend-service.ts';
import { compareTexts } from '../../edge/sort-rules.ts';
import type { KubeIngress } from '../read/kube-ingress.ts';
import { attachCanaries } from './attach-canaries.ts';
import { claimPlaces } from './claim-places.ts';
import { ingressListeners } from './ingress-listeners.ts';
import type { IngressProblem } from './ingress-problem.ts';
import type { TlsContext } from './ingress-tls.ts';
import { ingressName, type ReadIngress } from './place.ts';

/** What all Ingresses share: how the fleet listens for them. */
export interface IngressEntry {
  readonly className: string;
  readonly policy: EdgePolicy;
  /** Undefined: nothing is served in plain text. */
  readonly http: { readonly port: number; readonly publicPort: number } | undefined;
  /** Undefined: nothing is served with TLS. */
  readonly https: { readonly port: number; readonly publicPort: number } | undefined;
}

export interface IngressWorld extends Omit<TlsContext, 'problems'> {
  /** Those of our classes. */
  readonly ingresses: readonly KubeIngress[];
  readonly view: BackendView;
  readonly entry: IngressEntry;
}

export interface ConvertedIngresses {
  readonly edge: EdgeConfig;
  readonly problems: readonly IngressProblem[];
}

/** All Ingresses as a gateway serves them. The order in which they are given does not matter. */
export function convertIngresses(world: IngressWorld): ConvertedIngresses {
  const problems: IngressProblem[] = [];
  const read = world.ingresses.toSorted(byAge).map((ingress) => readIngress(ingress, problems));
  const backends = { view: world.view, problems };
  const places = claimPlaces(
    read.filter(({ settings }) => settings.canary === undefined),
    backends,
  );
  attachCanaries(
    read.filter(({ settings }) => settings.canary !== undefined),
    places,
    backends,
  );
  const edge = ingressListeners([...places.values()], world.entry, { ...world, problems });
  return { edge, problems };
}

function readIngress(ingress: KubeIngress, problems: IngressProblem[]): ReadIngress {
  const settings = readIngressSettings(ingress.meta.annotations);
  for (const { annotation, message } of settings.problems) {
    const sentence = `${annotation} ${message}`;
    problems.push({ ingress: ingressName(ingress), reason: 'AnnotationIgnored', message: sentence });
  }
  return { ingress, settings };
}

function byAge(a: KubeIngress, b: KubeIngress): number {
  return (
    compareTexts(a.meta.creationTimestamp, b.meta.creationTimestamp) ||
    compareTexts(ingressName(a), ingressName(b))
  );
}
