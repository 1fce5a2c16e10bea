import { isIP } from 'node:net';
import { PORTS, PROXY_UID } from '@lanekeeper/protocol/ports';
import { REDIRECT_VARIABLES } from '@lanekeeper/protocol/variables';
import { EnvReader, type EnvSource } from '@lanekeeper/runtime/env';
import { choice, integer, list, matching, PORT } from '@lanekeeper/runtime/env-kinds';
import type { RedirectOptions } from './rules.ts';

export interface RedirectSettings extends RedirectOptions {
  readonly ipv6: boolean;
}

const PREFIX = 'LANEKEEPER_REDIRECT_';
const USER_ID = integer(0, 0x7fff_ffff);
export const PORT_LIST = list(PORT);
export const CIDR_LIST = list(matching('a network such as 192.0.2.0/24 or 2001:db8::/32', isNetwork));

/** Reads and checks the variables. Throws one ConfigError with all that is wrong. */
export function readRedirectSettings(source: EnvSource): RedirectSettings {
  const env = new EnvReader(source);
  const settings: RedirectSettings = {
    outboundPort: env.get(REDIRECT_VARIABLES.outboundPort, PORT, PORTS.outbound),
    inboundPort: env.get(REDIRECT_VARIABLES.inboundPort, PORT, PORTS.inbound),
    proxyUid: env.get(REDIRECT_VARIABLES.proxyUid, USER_ID, PROXY_UID),
    proxyGid: env.get(REDIRECT_VARIABLES.proxyGid, USER_ID, PROXY_UID),
    excludeInboundPorts: env.get(REDIRECT_VARIABLES.excludeInboundPorts, PORT_LIST, []),
    excludeOutboundPorts: env.get(REDIRECT_VARIABLES.excludeOutboundPorts, PORT_LIST, []),
    excludeOutboundCidrs: env.get(REDIRECT_VARIABLES.excludeOutboundCidrs, CIDR_LIST, []),
    ipv6: env.get(REDIRECT_VARIABLES.ipv6, choice('true', 'false'), 'false') === 'true',
  };
  env.finish(PREFIX);
  return settings;
}

/** An address with a prefix length; a bare address is a network of one. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
