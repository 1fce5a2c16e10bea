import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeBackend, EdgeConfig, EdgeListener, EdgePolicy, EdgeRule } from '@lanekeeper/protocol/edge';
import type { InterestKey } from '@lanekeeper/protocol/discovery';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import {
  MESH_PART,
  sent,
  startControlPlane,
  type ServedStream,
} from '@lanekeeper/sidecar/discovery/testing/scripted-control-plane';
import { discoveryVariables } from './control-plane-process.ts';
import { eventually } from './eventually.ts';
import { send, type Place } from './http-client.ts';
import { startSidecar, type SidecarOptions, type SidecarProcess } from './sidecar-process.ts';

export interface GatewayOptions {
  /** Applications by the name of their service; all in namespace `shop`, on port 80. */
  readonly apps: Readonly<Record<string, Place>>;
  readonly variables?: SidecarOptions['variables'];
  /** Runs the program under another command, `taskset -c 0` say. */
  readonly prefix?: readonly string[];
  readonly nodeArgs?: readonly string[];
}

/** What `GET /config` says of a listener. */
export interface ListenerState {
  readonly name: string;
  readonly port: number;
  readonly state: string;
  readonly problems: readonly string[];
}

/** A gateway process with a control plane that says what the test says. */
export interface GatewayProcess {
  readonly process: SidecarProcess;
  readonly status: Place;
  /** Puts a configuration in force and waits until its ports are bound. */
  apply(listeners: readonly EdgeListener[], certificates?: EdgeConfig['certificates']): Promise<void>;
  listeners(): Promise<readonly ListenerState[]>;
  /** SIGTERM; resolves to its exit code. */
  terminate(): Promise<number | null>;
  stop(): Promise<void>;
}

/** The real bundle in its edge role, with a control plane beside it that speaks the contract and is told what to say. */
export async function startGateway({ apps, variables, ...how }: GatewayOptions): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-gateway-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a token');
  let edge: EdgeConfig = { listeners: [], certificates: {} };
  let version = 1;
  const controlPlane = await startControlPlane({
    on(message, stream) {
      if (message.kind === 'hello') stream.send({ mesh: { version: 'm1', value: MESH_PART }, edge: said() });
      if (message.kind === 'interest' && message.add.length > 0) answer(message.add, stream, apps);
    },
  });
  const said = (): { version: string; value: EdgeConfig } => ({ version: String(version), value: edge });
  const process = await startSidecar({
    ...how,
    variables: {
      role: 'gateway',
      app: 'gateway',
      namespace: 'lanekeeper-system',
      gatewayListen: 'none',
      gatewayHost: '127.0.0.1',
      ...discoveryVariables(controlPlane.port, tokenFile),
      ...variables,
    },
  });
  const listeners = async (): Promise<readonly ListenerState[]> => {
    const { text } = await send(placeOf(process.admin), { path: '/config' });
    return (JSON.parse(text) as { mesh: { listeners?: readonly ListenerState[] } }).mesh.listeners ?? [];
  };
  return {
    process,
    status: placeOf(process.status),
    listeners,
    async apply(wanted, certificates = {}) {
      edge = { listeners: wanted, certificates };
      version += 1;
      for (const stream of controlPlane.streams) stream.send({ edge: said() });
      await eventually('the ports of the configuration', async () => {
        const states = await listeners();
        const names = wanted.map(({ name }) => name).toSorted();
        const bound = states.filter(({ state }) => state === 'listening').map(({ name }) => name);
        return JSON.stringify(bound.toSorted()) === JSON.stringify(names);
      });
    },
    terminate: () => process.stop(20_000),
    async stop() {
      await process.stop(2_000);
      controlPlane.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function answer(keys: readonly InterestKey[], stream: ServedStream, apps: GatewayOptions['apps']): void {
  const services = keys.flatMap((key) => {
    const name = /^host:([^.]+)\.shop$/.exec(key)?.[1] ?? '';
    const at = apps[name];
    return at === undefined ? [] : [sent(serviceAt(name, at))];
  });
  stream.send({ services, answered: keys });
}

function serviceAt(name: string, at: Place): ServiceConfig {
  return {
    ...{ name, namespace: 'shop', hosts: [], addresses: [] },
    ports: [{ port: 80, protocol: 'http' }],
    endpoints: [
      { address: at.address, ports: { 80: at.port }, weight: 100, healthy: true, source: 'kubernetes' },
    ],
  };
}

function placeOf(text: string): Place {
  const [address = '', port = ''] = text.split(':');
  return { address, port: Number(port) };
}

const OPEN: EdgePolicy = {
  ...{ trustIncomingTag: false, trustedProxies: [], proxyProtocol: false },
  ...{ allow: [], deny: [] },
};

/** A rule that forwards every request to a service of the test. */
export function forwardTo(
  service: string,
  more: Partial<EdgeRule> & Pick<EdgeBackend, 'protocol'> = {},
): EdgeRule {
  const { protocol, ...rule } = more;
  const to = { service: { name: service, namespace: 'shop' }, port: 80, weight: 1 };
  const backend: EdgeBackend = protocol === undefined ? to : { ...to, protocol };
  return {
    name: `to ${service}`,
    match: {},
    action: { kind: 'forward', backends: [backend] },
    ...rule,
  };
}

/** A plain listener for every host with the rules given. */
export function listenerOf(
  port: number,
  rules: readonly EdgeRule[],
  more: Partial<EdgeListener> = {},
): EdgeListener {
  return {
    name: `${more.host ?? '*'} on ${port}`,
    port,
    publicPort: port,
    protocol: 'http',
    host: '*',
    certificates: [],
    policy: OPEN,
    hosts: [{ host: '*', rules }],
    ...more,
  };
}

export const PROXIED: EdgePolicy = { ...OPEN, proxyProtocol: true };
