import { LABELS } from '@lanekeeper/protocol/labels';
import type { Plan } from '../decision/decide.ts';
import type { PodView } from '../pod/pod.ts';
import type { Edit } from './edits.ts';
import { rewriteProbes, type RewrittenProbes } from './probes.ts';
import { noteOwnProxies, proxyVariables, soleAppAddress } from './proxy-variables.ts';
import { redirectContainer } from './redirect-container.ts';
import { boundsOf } from './resources.ts';
import { sidecarContainer, tokenVolume } from './sidecar-container.ts';
import { statusOf, writeStatus } from './status.ts';
import type { SidecarTemplate } from './template.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** Everything that injection changes, as edits of the pod as it came. */
export function injectPod(pod: PodView, plan: Plan, template: SidecarTemplate): readonly Edit[] {
  const isRedirected = plan.capture === 'redirect';
  const bounds = boundsOf(pod, plan.containerLimits);
  const probes = isRedirected && template.probes === 'rewrite' ? rewriteProbes(pod) : NO_PROBES;
  const sidecar = sidecarContainer({
    plan,
    template,
    probes: probes.table,
    bounds,
    appAddress: isRedirected ? undefined : soleAppAddress(pod),
  });
  const redirect = isRedirected ? [redirectContainer(plan.settings, template, bounds)] : [];
  return [
    ...identityLabels(pod, plan),
    writeStatus(statusOf(plan, [...plan.notes, ...(isRedirected ? [] : noteOwnProxies(pod))])),
    ...probes.edits,
    ...(isRedirected ? [] : proxyVariables(pod, plan.settings)),
    { kind: 'append', path: ['spec', 'volumes'], items: [tokenVolume(template)] },
    ...(plan.nativeSidecars ? besideAll(redirect, sidecar) : beforeOthers(pod, redirect, sidecar)),
  ];
}

const NO_PROBES: RewrittenProbes = { table: {}, edits: [] };

/** The sidecar runs before the pod's own init containers, so these may use the network as the application does. */
function besideAll(redirect: readonly object[], sidecar: object): readonly Edit[] {
  return [{ kind: 'prepend', path: ['spec', 'initContainers'], items: [...redirect, sidecar] }];
}

/** No sidecar runs while the pod's own init containers do, so their traffic must not be redirected yet: the rules come last. */
function beforeOthers(pod: PodView, redirect: readonly object[], sidecar: object): readonly Edit[] {
  const first = pod.containers[0]?.name ?? '';
  const rules: Edit = { kind: 'append', path: ['spec', 'initContainers'], items: redirect };
  return [
    // `kubectl logs` and `exec` take the first container otherwise, which is no longer the application's.
    ...(Object.hasOwn(pod.annotations, DEFAULT_CONTAINER)
      ? []
      : [setIn('annotations', DEFAULT_CONTAINER, first)]),
    ...(redirect.length === 0 ? [] : [rules]),
    { kind: 'prepend', path: ['spec', 'containers'], items: [sidecar] },
  ];
}

/** Whatever convention named lane and app, the pod carries our labels: the control plane and the downward API read these. */
function identityLabels({ labels }: PodView, { identity }: Plan): readonly Edit[] {
  const wanted = [
    [LABELS.lane, identity.lane],
    [LABELS.app, identity.app],
  ] as const;
  return wanted.flatMap(([key, value]) => {
    return value === undefined || labels[key] === value ? [] : [setIn('labels', key, value)];
  });
}

function setIn(where: 'labels' | 'annotations', key: string, value: string): Edit {
  return { kind: 'set', path: ['metadata', where], key, value };
}
