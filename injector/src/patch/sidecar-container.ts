import { LABELS } from '@lanekeeper/protocol/labels';
import { PORTS, PROXY_UID } from '@lanekeeper/protocol/ports';
import { PROBE_TABLE_VARIABLE, type ProbeTable } from '@lanekeeper/protocol/probes';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { Plan } from '../decision/decide.ts';
import { OURS } from '../pod/names.ts';
import { HOLD_SCRIPT, LINGER_SCRIPT } from './hold-script.ts';
import { writeLiteral } from './literal.ts';
import { resourcesOf, type ResourceBounds } from './resources.ts';
import type { SidecarTemplate } from './template.ts';

export interface SidecarOptions {
  readonly plan: Plan;
  readonly template: SidecarTemplate;
  readonly probes: ProbeTable;
  /** Where the application listens; only where nothing is redirected. */
  readonly appAddress: string | undefined;
  readonly bounds: ResourceBounds;
}

/**
 * The kubelet asks once a second, and restarts a sidecar that is not up by then. A sidecar that waits for the control plane must not
 * be: the pauses between restarts grow to minutes, and the application would wait them out after the control plane is back.
 */
const STARTUP_SECONDS = 600;

/** The sidecar as an init container that goes on (`restartPolicy: Always`), or as a plain container that holds those after it. */
export function sidecarContainer(options: SidecarOptions): object {
  const { plan, template } = options;
  return {
    name: OURS.sidecar,
    image: template.sidecarImage,
    ...(template.imagePullPolicy === undefined ? {} : { imagePullPolicy: template.imagePullPolicy }),
    env: sidecarVariables(options),
    ports: [{ name: 'lk-status', containerPort: PORTS.status, protocol: 'TCP' }],
    readinessProbe: { ...asksReady(), periodSeconds: 5, failureThreshold: 3 },
    resources: resourcesOf(template.resources, options.bounds),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: PROXY_UID,
      runAsNonRoot: true,
      runAsUser: PROXY_UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(plan.nativeSidecars
      ? {
          restartPolicy: 'Always',
          startupProbe: { ...asksReady(), periodSeconds: 1, failureThreshold: STARTUP_SECONDS },
        }
      : { lifecycle: { postStart: runs(HOLD_SCRIPT), preStop: runs(LINGER_SCRIPT) } }),
    volumeMounts: [{ name: OURS.tokenVolume, mountPath: OURS.tokenFolder, readOnly: true }],
  };
}

/** The token is renewed by the kubelet at 80 % of its life. */
export function tokenVolume({ tokenAudience }: SidecarTemplate): object {
  const token = { audience: tokenAudience, expirationSeconds: 3600, path: 'token' };
  return { name: OURS.tokenVolume, projected: { sources: [{ serviceAccountToken: token }] } };
}

function sidecarVariables({ plan, template, probes, appAddress }: SidecarOptions): readonly object[] {
  const stated = new Map([
    ...(plan.identity.adoptsUntagged ? [[VARIABLES.untaggedInbound, 'adopt'] as const] : []),
    ...(appAddress === undefined ? [] : [[VARIABLES.appAddress, appAddress] as const]),
    ...(Object.keys(probes).length === 0 ? [] : [[PROBE_TABLE_VARIABLE, JSON.stringify(probes)] as const]),
    ...(template.ipv6 ? DUAL_STACK : []),
    ...discoveryVariables(template),
    ...plan.settings.overrides,
  ]);
  return [
    fromField(VARIABLES.app, `metadata.labels['${LABELS.app}']`),
    fromField(VARIABLES.lane, `metadata.labels['${LABELS.lane}']`),
    fromField(VARIABLES.namespace, 'metadata.namespace'),
    fromField(VARIABLES.pod, 'metadata.name'),
    fromField(VARIABLES.podAddress, 'status.podIP'),
    // Kubernetes copies the node's zone to its pods from 1.33 on; empty before, which counts as unset.
    fromField(VARIABLES.zone, "metadata.labels['topology.kubernetes.io/zone']"),
    ...[...stated].map(([name, value]) => ({ name, value: writeLiteral(value) })),
  ];
}

/** Where the sidecar listens where pods have both families; `[::]` takes IPv4 as well, but a list says so plainly. */
const DUAL_STACK: readonly (readonly [string, string])[] = [
  [VARIABLES.outboundListen, `127.0.0.1:${PORTS.outbound},[::1]:${PORTS.outbound}`],
  [VARIABLES.inboundListen, `0.0.0.0:${PORTS.inbound},[::]:${PORTS.inbound}`],
  // One address only: the kernel gives IPv4 connections to it too.
  [VARIABLES.statusListen, `[::]:${PORTS.status}`],
];

function discoveryVariables({ discovery }: SidecarTemplate): readonly (readonly [string, string])[] {
  if (discovery === undefined) return [];
  const { address, ca } = discovery;
  return [
    [VARIABLES.discoveryAddress, address],
    ...(ca === undefined ? [] : [[VARIABLES.discoveryCa, ca] as const]),
  ];
}

function runs(script: string): object {
  return { exec: { command: ['node', '-e', script] } };
}

function fromField(name: string, fieldPath: string): object {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

function asksReady(): object {
  return { httpGet: { path: '/ready', port: PORTS.status } };
}
