import { PORTS, PROXY_UID } from '@lanekeeper/protocol/ports';
import { isOtherMesh } from '@lanekeeper/protocol/other-meshes';
import type { AdmissionRequest } from '../admission/decode.ts';
import { isAbsent, objectAt, ownText } from '../pod/json.ts';
import { OURS } from '../pod/names.ts';
import type { Container, PodView } from '../pod/pod.ts';
import type { Input } from './gather.ts';
import type { SkipReason } from './reasons.ts';
import { captureOf, wishOf } from './wish.ts';

export interface Skip {
  readonly reason: SkipReason;
  /** Which container, which level: completes the sentence. */
  readonly detail?: string;
}

/** Undefined: nothing speaks against it. */
export type Check = (input: Input) => Skip | undefined;

/** Whether the pod is ours to touch at all. Who fails here gets no patch, not even a status. */
export const CONCERNED: readonly Check[] = [
  // Static pods are read from the node's disk; the API object is a picture of them.
  isMirrorPod,
  // kube-system and kube-node-lease start before us; our own namespace would wait for itself.
  isInProtectedNamespace,
  // Reinvocation after another webhook, or a pod that was copied with everything.
  isAlreadyInjected,
  // lanekeeper.io/inject, msePilotAutoEnable, the namespace's label: in this order.
  isNotWanted,
];

/** Whether an injected pod would work. Who fails here is told so in the status annotation. */
export const FEASIBLE: readonly Check[] = [
  isOnHostNetwork,
  isWindows,
  runsAsProxyUser,
  hasOtherMesh,
  // Native sidecars end with the pod, plain containers do not.
  wouldNeverEnd,
  // Only redirection needs a capability; `capture: none` passes "restricted".
  isForbiddenByPodSecurity,
  hasTakenNames,
  hasTakenPorts,
];

/** An update, a delete, or an ephemeral container of a pod that runs: known before anything is gathered. */
export function isNoCreation({ operation, subResource }: AdmissionRequest): Skip | undefined {
  if (operation === 'CREATE' && subResource === '') return undefined;
  return { reason: 'not-a-creation', detail: subResource === '' ? operation : `pods/${subResource}` };
}

export function firstSkip(checks: readonly Check[], input: Input): Skip | undefined {
  for (const check of checks) {
    const skip = check(input);
    if (skip !== undefined) return skip;
  }
  return undefined;
}

function isMirrorPod({ pod }: Input): Skip | undefined {
  const isMirror = Object.hasOwn(pod.annotations, 'kubernetes.io/config.mirror');
  return isMirror ? { reason: 'mirror-pod' } : undefined;
}

function isInProtectedNamespace({ namespace, ownNamespace }: Input): Skip | undefined {
  const isProtected = ['kube-system', 'kube-node-lease', ownNamespace].includes(namespace);
  return isProtected ? { reason: 'protected-namespace', detail: namespace } : undefined;
}

function isAlreadyInjected({ pod }: Input): Skip | undefined {
  const sidecar = allContainers(pod).find(({ name }) => name === OURS.sidecar);
  return sidecar === undefined ? undefined : { reason: 'already-injected' };
}

function isNotWanted(input: Input): Skip | undefined {
  const wish = wishOf(input);
  if (wish === 'inject') return undefined;
  return { reason: wish === 'leave' ? 'opted-out' : 'not-asked-for' };
}

function isOnHostNetwork({ pod }: Input): Skip | undefined {
  return pod.spec['hostNetwork'] === true ? { reason: 'host-network' } : undefined;
}

function isWindows({ pod }: Input): Skip | undefined {
  const os = ownText(objectAt(pod.spec['os'], 'spec.os'), 'name');
  const selector = objectAt(pod.spec['nodeSelector'], 'spec.nodeSelector');
  const isIt = os === 'windows' || ownText(selector, 'kubernetes.io/os') === 'windows';
  return isIt ? { reason: 'windows' } : undefined;
}

function runsAsProxyUser(input: Input): Skip | undefined {
  if (captureOf(input) === 'none') return undefined;
  const found = allContainers(input.pod).find((container) =>
    ['runAsUser', 'runAsGroup'].some((key) => identityOf(container, input.pod, key) === PROXY_UID),
  );
  return found === undefined ? undefined : { reason: 'proxy-user', detail: `container ${found.name}` };
}

function hasOtherMesh({ pod }: Input): Skip | undefined {
  const found = allContainers(pod).find(isOtherMesh);
  return found === undefined ? undefined : { reason: 'other-mesh', detail: `container ${found.name}` };
}

function wouldNeverEnd({ pod, nativeSidecars }: Input): Skip | undefined {
  if (nativeSidecars) return undefined;
  const isOfJob = pod.owners.some((owner) => ownText(owner, 'kind') === 'Job');
  const restart = ownText(pod.spec, 'restartPolicy') ?? 'Always';
  return isOfJob || restart !== 'Always' ? { reason: 'job-without-native-sidecars' } : undefined;
}

function isForbiddenByPodSecurity(input: Input): Skip | undefined {
  const level = ownText(input.namespaceFacts.labels, 'pod-security.kubernetes.io/enforce');
  // NET_ADMIN is on neither level's list of capabilities.
  const isForbidden = level === 'restricted' || level === 'baseline';
  return isForbidden && captureOf(input) === 'redirect'
    ? { reason: 'pod-security', detail: `level ${level}` }
    : undefined;
}

function hasTakenNames({ pod }: Input): Skip | undefined {
  const container = allContainers(pod).find(({ name }) => name === OURS.redirect);
  if (container !== undefined) return { reason: 'name-taken', detail: `container ${OURS.redirect}` };
  const isTaken = pod.volumes.includes(OURS.tokenVolume);
  return isTaken ? { reason: 'name-taken', detail: `volume ${OURS.tokenVolume}` } : undefined;
}

const SIDECAR_PORTS: ReadonlySet<unknown> = new Set([
  PORTS.admin,
  PORTS.outbound,
  PORTS.inbound,
  PORTS.status,
]);

function hasTakenPorts({ pod }: Input): Skip | undefined {
  for (const { name, ports } of allContainers(pod)) {
    const taken = ports.find(({ containerPort }) => SIDECAR_PORTS.has(containerPort));
    if (taken !== undefined) {
      return { reason: 'port-taken', detail: `container ${name}, port ${String(taken['containerPort'])}` };
    }
  }
  return undefined;
}

function allContainers(pod: PodView): readonly Container[] {
  return [...pod.initContainers, ...pod.containers];
}

/** The container's own word, else the pod's. */
function identityOf({ securityContext }: Container, pod: PodView, key: string): unknown {
  return isAbsent(securityContext[key]) ? pod.securityContext[key] : securityContext[key];
}
