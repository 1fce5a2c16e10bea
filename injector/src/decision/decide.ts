import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { ownText } from '../pod/json.ts';
import type { ContainerLimits } from './container-limits.ts';
import { CONCERNED, FEASIBLE, firstSkip, type Skip } from './checks.ts';
import type { Input } from './gather.ts';
import { readIdentity, type Identity } from './identity.ts';
import { readSettings, type PodSettings } from './settings.ts';
import { captureOf, type Capture } from './wish.ts';

/** What is done with a pod, and all that the patch is made from. */
export type Decision =
  | { readonly kind: 'untouched'; readonly skip: Skip }
  /** Injection was asked for and is impossible: the status annotation says so. */
  | { readonly kind: 'marked'; readonly skip: Skip }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: 'injected'; readonly plan: Plan };

export interface Plan {
  readonly capture: Capture;
  readonly nativeSidecars: boolean;
  readonly containerLimits: readonly ContainerLimits[];
  readonly identity: Identity;
  readonly settings: PodSettings;
  /** What people should know of this pod; for the status annotation. */
  readonly notes: readonly string[];
}

/** Pure: the same input, the same decision. */
export function decide(input: Input): Decision {
  const unconcerned = firstSkip(CONCERNED, input);
  if (unconcerned !== undefined) return { kind: 'untouched', skip: unconcerned };
  const { settings, problems } = readSettings(input.pod);
  if (problems.length > 0) return { kind: 'refused', problems };
  const infeasible = firstSkip(FEASIBLE, input);
  if (infeasible !== undefined) return { kind: 'marked', skip: infeasible };
  const identity = readIdentity(input.pod);
  return {
    kind: 'injected',
    plan: {
      capture: captureOf(input),
      nativeSidecars: input.nativeSidecars,
      containerLimits: input.containerLimits,
      identity,
      settings,
      notes: [...identity.notes, ...noteSharedProcesses(input), ...noteForeignDns(input)],
    },
  };
}

function noteSharedProcesses({ pod }: Input): readonly string[] {
  return pod.spec['shareProcessNamespace'] === true
    ? ['shareProcessNamespace: the containers of this pod see the sidecar’s process and may signal it']
    : [];
}

function noteForeignDns({ pod }: Input): readonly string[] {
  const policy = ownText(pod.spec, 'dnsPolicy');
  return policy === 'None' || policy === 'Default'
    ? [
        `dnsPolicy ${policy}: the sidecar finds the control plane only if the pod’s DNS knows the cluster’s names`,
      ]
    : [];
}
