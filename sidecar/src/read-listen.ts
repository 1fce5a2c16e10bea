import { isIP } from 'node:net';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { EnvReader } from '@lanekeeper/runtime/env';
import { ADDRESS, list, matching } from '@lanekeeper/runtime/env-kinds';
import { formatAddress, isLoopback, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { DEFAULT_SETTINGS } from './default-settings.ts';

export interface ListenConfig {
  readonly outbound: readonly SocketAddress[];
  readonly inbound: readonly SocketAddress[];
  readonly gateway: readonly SocketAddress[];
  /** Addresses on which a gateway binds the ports that its control plane tells it. */
  readonly gatewayHosts: readonly string[];
  readonly admin: SocketAddress;
  readonly status: SocketAddress;
}

export interface ReadListenOptions {
  readonly role: 'sidecar' | 'gateway';
  /** A control plane tells a gateway where to listen. */
  readonly isTold: boolean;
}

const IP_ADDRESSES = list(matching('an IP address', (text) => isIP(text) !== 0));

/** The addresses of every listener, checked against the role and against each other. */
export function readListen(env: EnvReader, { role, isTold }: ReadListenOptions): ListenConfig {
  const addresses = list(ADDRESS);
  const isGateway = role === 'gateway';
  const listen: ListenConfig = {
    outbound: env.get(VARIABLES.outboundListen, addresses, isGateway ? [] : [DEFAULT_SETTINGS.outbound]),
    inbound: env.get(VARIABLES.inboundListen, addresses, isGateway ? [] : [DEFAULT_SETTINGS.inbound]),
    gateway: env.get(VARIABLES.gatewayListen, addresses, []),
    gatewayHosts: env.get(
      VARIABLES.gatewayHost,
      IP_ADDRESSES,
      isGateway ? [DEFAULT_SETTINGS.gatewayHost] : [],
    ),
    admin: env.get(VARIABLES.adminListen, ADDRESS, DEFAULT_SETTINGS.admin),
    status: env.get(VARIABLES.statusListen, ADDRESS, DEFAULT_SETTINGS.status),
  };
  checkListen(env, listen, { isGateway, isTold });
  return listen;
}

function checkListen(
  env: EnvReader,
  listen: ListenConfig,
  { isGateway, isTold }: { readonly isGateway: boolean; readonly isTold: boolean },
): void {
  const gatewayGiven = env.given(VARIABLES.gatewayListen);
  if (isGateway && !isTold && (gatewayGiven ?? 'none') === 'none') {
    env.problem(
      VARIABLES.gatewayListen,
      `required when ${VARIABLES.role} is gateway and ${VARIABLES.discoveryAddress} is not set, for example 0.0.0.0:80`,
    );
  }
  if (!isGateway && listen.gateway.length > 0) {
    env.problem(
      VARIABLES.gatewayListen,
      `only used when ${VARIABLES.role} is gateway; set that, or leave this out`,
    );
  }
  if (!isLoopback(listen.admin.address)) {
    const found = formatAddress(listen.admin);
    env.problem(
      VARIABLES.adminListen,
      `expected a loopback address, for it is not protected; found ${found}`,
    );
  }
  checkDistinct(env, listen);
}

/** Two listeners on one address would fail at the start with no word about which setting to change. */
function checkDistinct(env: EnvReader, listen: ListenConfig): void {
  const owners = new Map<string, string>();
  const listeners: readonly (readonly [string, readonly SocketAddress[]])[] = [
    [VARIABLES.outboundListen, listen.outbound],
    [VARIABLES.inboundListen, listen.inbound],
    [VARIABLES.gatewayListen, listen.gateway],
    [VARIABLES.adminListen, [listen.admin]],
    [VARIABLES.statusListen, [listen.status]],
  ];
  for (const [variable, addresses] of listeners) {
    for (const at of addresses) {
      const address = formatAddress(at);
      const owner = owners.get(address);
      if (at.port !== 0 && owner !== undefined)
        env.problem(variable, `${address} is already taken by ${owner}`);
      owners.set(address, owner ?? variable);
    }
  }
}
