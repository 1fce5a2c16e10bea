import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { LABELS } from '@lanekeeper/protocol/labels';
import { PORTS } from '@lanekeeper/protocol/ports';
import { CONTROL_PLANE_VARIABLES, VARIABLES } from '@lanekeeper/protocol/variables';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { ChildSpec } from './child-process.ts';
import { GATEWAY_ADDRESS, GRAY } from './layout.ts';
import type { Workload } from './layout.ts';
import { GROUP, rulesOnly } from './mesh-file.ts';
import type { MeshHome } from './mesh-home.ts';
import { callNacos } from './nacos-server/nacos-api.ts';
import type { NacosPlace } from './nacos-server/nacos-api.ts';
import { chooseFreePort } from './ports.ts';
import type { PlaygroundPorts } from './ports.ts';

export interface NacosSite {
  readonly nacos: NacosPlace;
  /** Files that end with the playground. */
  readonly folder: string;
  readonly ports: PlaygroundPorts;
}

interface ControlPlanePorts {
  readonly discovery: number;
  readonly status: number;
}

const CONTROL_PLANE = '../../dist/control-plane/main.mjs';
/** For localhost; the key of its authority is gone. Enough between processes of one machine. */
const TLS = new URL('../../sidecar/src/discovery/testdata/', import.meta.url);
const DATA_ID = `lanekeeper-${GROUP}.yaml`;
const NACOS_GROUP = 'DEFAULT_GROUP';

async function publishRules(nacos: NacosPlace): Promise<void> {
  const fields = { dataId: DATA_ID, group: NACOS_GROUP, type: 'yaml', content: rulesOnly() };
  const { status, text } = await callNacos(nacos, 'POST', '/cs/configs', fields);
  if (status !== 200) throw new Error(`Nacos did not take the configuration ${DATA_ID}: ${status} ${text}`);
}

function addressOf({ nacos }: NacosSite): string {
  return `${nacos.address}:${nacos.httpPort}`;
}

function controlPlane(nacosFile: string, ports: ControlPlanePorts): ChildSpec {
  return {
    name: 'the control plane',
    program: CONTROL_PLANE,
    env: {
      [CONTROL_PLANE_VARIABLES.source]: 'nacos',
      [CONTROL_PLANE_VARIABLES.nacosFile]: nacosFile,
      [CONTROL_PLANE_VARIABLES.authentication]: 'none',
      [CONTROL_PLANE_VARIABLES.listen]: `${GATEWAY_ADDRESS}:${ports.discovery}`,
      [CONTROL_PLANE_VARIABLES.statusListen]: `${GATEWAY_ADDRESS}:${ports.status}`,
      [CONTROL_PLANE_VARIABLES.certificateFile]: fileURLToPath(new URL('tls.crt', TLS)),
      [CONTROL_PLANE_VARIABLES.keyFile]: fileURLToPath(new URL('tls.key', TLS)),
      [CONTROL_PLANE_VARIABLES.drainDelayMs]: '0',
      [CONTROL_PLANE_VARIABLES.drainTimeoutMs]: '500',
      [CONTROL_PLANE_VARIABLES.logLevel]: 'warn',
    },
    readyUrl: `http://${GATEWAY_ADDRESS}:${ports.status}/ready`,
  };
}

function appEnv(site: NacosSite, { service, lane }: Workload): Record<string, string> {
  return {
    APP_NACOS: addressOf(site),
    APP_SERVICE: service,
    // Nothing is redirected on loopback: where others are to call is where the sidecar listens.
    APP_NACOS_PORT: String(site.ports.inbound),
    APP_METADATA: JSON.stringify(lane === BASELINE ? {} : { [LABELS.lane]: lane }),
  };
}

function notes(site: NacosSite, status: number): MeshHome['notes'] {
  const server = addressOf(site);
  const instance = `http://${server}/nacos/v1/ns/instance`;
  const lane = (name: string): string =>
    `curl -X PUT '${instance}?serviceName=c&ip=127.0.3.2&port=${site.ports.inbound}&metadata=${LABELS.lane}%3D${name}'`;
  return [
    {
      what: 'the applications registered themselves in Nacos; the last two take Cgray out of its lane, and put it back',
      lines: [`curl '${instance}/list?serviceName=c'`, lane(BASELINE), lane(GRAY)],
    },
    {
      what: `lanes and routes are a configuration in Nacos: ${DATA_ID}`,
      lines: [`curl 'http://${server}/nacos/v1/cs/configs?dataId=${DATA_ID}&group=${NACOS_GROUP}'`],
    },
    { what: 'the control plane says how it is', lines: [`curl http://${GATEWAY_ADDRESS}:${status}/status`] },
  ];
}

/** The mesh is what the applications register in Nacos, and a configuration there; a control plane brings it to the sidecars. */
export async function openNacosHome(site: NacosSite): Promise<MeshHome> {
  const { nacos, folder, ports } = site;
  const taken = new Set<number>(Object.values(ports));
  const discovery = await chooseFreePort(GATEWAY_ADDRESS, PORTS.discovery, taken);
  const status = await chooseFreePort(GATEWAY_ADDRESS, discovery + 1, taken);
  await mkdir(folder, { recursive: true });
  const nacosFile = join(folder, 'nacos.yaml');
  const tokenFile = join(folder, 'token');
  const registry = { name: 'demo', servers: [addressOf(site)], configuration: { laneGroups: [GROUP] } };
  await writeFile(nacosFile, stringify({ registries: [registry] }));
  await writeFile(tokenFile, 'nobody asks for it on loopback');
  await publishRules(nacos);
  return {
    proxyEnv: {
      [VARIABLES.discoveryAddress]: `localhost:${discovery}`,
      [VARIABLES.discoveryCa]: readFileSync(new URL('ca.crt', TLS), 'utf8'),
      [VARIABLES.discoveryTokenFile]: tokenFile,
      [VARIABLES.drainDelayMs]: '0',
    },
    appEnv: (workload) => appEnv(site, workload),
    processes: [controlPlane(nacosFile, { discovery, status })],
    notes: notes(site, status),
  };
}
