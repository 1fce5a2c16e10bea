import { REDIRECT_VARIABLES } from '@lanekeeper/protocol/variables';
import type { PodSettings } from '../decision/settings.ts';
import { OURS } from '../pod/names.ts';
import { resourcesOf, type ResourceBounds } from './resources.ts';
import type { SidecarTemplate } from './template.ts';

/** The init container that redirects the pod's traffic: the only one with capabilities, and it ends before the others start. */
export function redirectContainer(
  settings: PodSettings,
  template: SidecarTemplate,
  bounds: ResourceBounds,
): object {
  return {
    name: OURS.redirect,
    image: template.redirectImage,
    ...(template.imagePullPolicy === undefined ? {} : { imagePullPolicy: template.imagePullPolicy }),
    env: [
      ...listVariable(REDIRECT_VARIABLES.excludeInboundPorts, settings.excludeInboundPorts),
      ...listVariable(REDIRECT_VARIABLES.excludeOutboundPorts, settings.excludeOutboundPorts),
      ...listVariable(REDIRECT_VARIABLES.excludeOutboundCidrs, settings.excludeOutboundCidrs),
      ...(template.ipv6 ? [{ name: REDIRECT_VARIABLES.ipv6, value: 'true' }] : []),
      // iptables-legacy locks a file in /run, which is read-only here; every container has a writable /dev/shm.
      { name: 'XTABLES_LOCKFILE', value: '/dev/shm/xtables.lock' },
    ],
    resources: resourcesOf({ ...template.resources, cpuRequest: '10m', memoryRequest: '32Mi' }, bounds),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      // iptables wants root; a pod that says runAsNonRoot is overruled for this container only.
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

function listVariable(name: string, values: readonly (string | number)[]): readonly object[] {
  return values.length === 0 ? [] : [{ name, value: values.join(',') }];
}
