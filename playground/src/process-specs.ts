import { readFileSync } from 'node:fs';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { ChildSpec } from './child-process.ts';
import { GATEWAY_ADDRESS } from './layout.ts';
import type { Workload } from './layout.ts';
import type { MeshHome } from './mesh-home.ts';
import type { PlaygroundPorts } from './ports.ts';

const SIDECAR = '../../dist/sidecar/main.mjs';
const SIDECAR_FLAGS = new URL('../../dist/sidecar/node-flags.json', import.meta.url);
const GATEWAY_FLAGS = new URL('../../dist/sidecar/gateway-node-flags.json', import.meta.url);
const APP = './demo-app.ts';
/** The sidecars have no long requests to wait for when they end. */
const DRAIN_TIMEOUT_MS = '500';

/** What all processes of one playground share. */
export interface Site {
  readonly ports: PlaygroundPorts;
  readonly home: MeshHome;
}

export function appSpec(workload: Workload, { ports, home }: Site): ChildSpec {
  return {
    name: workload.title,
    program: APP,
    env: {
      APP_NAME: workload.title,
      APP_ADDRESS: workload.address,
      APP_PORT: String(ports.app),
      APP_PROXY_PORT: String(ports.outbound),
      APP_CALLS: workload.calls ?? '',
      ...home.appEnv(workload),
    },
    readyUrl: `http://${workload.address}:${ports.app}/healthz`,
  };
}

function commonEnv(address: string, { ports, home }: Site): Record<string, string> {
  return {
    ...home.proxyEnv,
    [VARIABLES.adminListen]: `${address}:${ports.admin}`,
    [VARIABLES.statusListen]: `${address}:${ports.status}`,
    [VARIABLES.podAddress]: address,
    [VARIABLES.drainTimeoutMs]: DRAIN_TIMEOUT_MS,
    [VARIABLES.logLevel]: 'warn',
  };
}

export function sidecarSpec(workload: Workload, site: Site): ChildSpec {
  const { ports } = site;
  return {
    name: `the sidecar of ${workload.title}`,
    program: SIDECAR,
    nodeFlags: JSON.parse(readFileSync(SIDECAR_FLAGS, 'utf8')) as readonly string[],
    env: {
      ...commonEnv(workload.address, site),
      [VARIABLES.role]: 'sidecar',
      [VARIABLES.app]: workload.service,
      [VARIABLES.pod]: workload.title,
      ...(workload.lane === BASELINE ? {} : { [VARIABLES.lane]: workload.lane }),
      [VARIABLES.outboundListen]: `${workload.address}:${ports.outbound}`,
      [VARIABLES.inboundListen]: `${workload.address}:${ports.inbound}`,
      [VARIABLES.appAddress]: `${workload.address}:${ports.app}`,
    },
    readyUrl: `http://${workload.address}:${ports.status}/ready`,
  };
}

export function gatewaySpec(site: Site): ChildSpec {
  const { ports } = site;
  return {
    name: 'the gateway',
    program: SIDECAR,
    nodeFlags: JSON.parse(readFileSync(GATEWAY_FLAGS, 'utf8')) as readonly string[],
    env: {
      ...commonEnv(GATEWAY_ADDRESS, site),
      [VARIABLES.role]: 'gateway',
      [VARIABLES.pod]: 'gateway',
      [VARIABLES.gatewayListen]: `${GATEWAY_ADDRESS}:${ports.gateway}`,
    },
    readyUrl: `http://${GATEWAY_ADDRESS}:${ports.status}/ready`,
  };
}
