import { PORTS } from '@lanekeeper/protocol/ports';

/** What is redirected, and to where. */
export interface RedirectOptions {
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly proxyUid: number;
  readonly proxyGid: number;
  /** Ports of this pod that are reached directly. */
  readonly excludeInboundPorts: readonly number[];
  /** Destination ports that are reached directly. */
  readonly excludeOutboundPorts: readonly number[];
  /** Destinations that are reached directly, `192.0.2.0/24` or `2001:db8::/32`. */
  readonly excludeOutboundCidrs: readonly string[];
}

export type Family = 'ipv4' | 'ipv6';

/** What `iptables-save -t nat` shows of us: the jumps into our chains, as `-A` lines, and the chains. */
export interface InstalledRules {
  readonly jumps: readonly string[];
  readonly chains: readonly string[];
}

const OUTPUT = 'LANEKEEPER_OUTPUT';
const INBOUND = 'LANEKEEPER_INBOUND';
const OWN_CHAIN = /^:(LANEKEEPER_[A-Z]+) /;
const OWN_JUMP = /^-A .*-j LANEKEEPER_[A-Z]+$/;

/** Ports of the sidecar itself: redirected to it, they would come back as a loop, or hide its health. */
const NEVER_REDIRECTED = [PORTS.admin, PORTS.outbound, PORTS.inbound, PORTS.status];
const DNS_PORT = 53;

/** iptables takes at most so many ports in one multiport match. */
const PORTS_PER_RULE = 15;

/**
 * Input for `iptables-restore --noflush` (`ip6tables-restore`) that redirects the traffic of the network namespace through the
 * sidecar. One transaction on the nat table: our own chains are emptied and filled again, jumps of an earlier run are taken
 * out, so that applying it twice leaves what applying it once does. Chains of others stay as they are.
 */
export function installRules(options: RedirectOptions, family: Family, installed: InstalledRules): string {
  return transaction([
    `:${INBOUND} - [0:0]`,
    `:${OUTPUT} - [0:0]`,
    ...installed.jumps.map(asDeletion),
    ...inboundRules(options),
    ...outputRules(options, family),
    `-A PREROUTING -p tcp -j ${INBOUND}`,
    `-A OUTPUT -p tcp -j ${OUTPUT}`,
  ]);
}

/** Takes out all that {@link installRules} put in; undefined when there is nothing. */
export function removeRules({ jumps, chains }: InstalledRules): string | undefined {
  if (jumps.length === 0 && chains.length === 0) return undefined;
  return transaction([
    ...jumps.map(asDeletion),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ]);
}

/** Finds our chains and the jumps to them in the output of `iptables-save -t nat`. */
export function readInstalled(saved: string): InstalledRules {
  const lines = saved.split('\n').map((line) => line.trim());
  return {
    jumps: lines.filter((line) => OWN_JUMP.test(line)),
    chains: lines.flatMap((line) => OWN_CHAIN.exec(line)?.[1] ?? []),
  };
}

/** What arrives from outside the pod. What the pod sends to itself does not pass PREROUTING's nat rules. */
function inboundRules(options: RedirectOptions): readonly string[] {
  const direct = [...NEVER_REDIRECTED, options.inboundPort, ...options.excludeInboundPorts];
  return [
    '# The ports of the sidecar itself, and those excluded by annotation.',
    ...returnPorts(INBOUND, direct),
    '# Everything else that arrives goes to the inbound listener.',
    `-A ${INBOUND} -p tcp -j REDIRECT --to-ports ${options.inboundPort}`,
  ];
}

/** What leaves a process of the pod; first match decides. */
function outputRules(options: RedirectOptions, family: Family): readonly string[] {
  const direct = [DNS_PORT, ...NEVER_REDIRECTED, options.outboundPort, ...options.excludeOutboundPorts];
  const cidrs = options.excludeOutboundCidrs.filter((cidr) => cidr.includes(':') === (family === 'ipv6'));
  return [
    '# What the sidecar sends, to its application or onwards, is on its way already.',
    `-A ${OUTPUT} -m owner --uid-owner ${options.proxyUid} -j RETURN`,
    `-A ${OUTPUT} -m owner --gid-owner ${options.proxyGid} -j RETURN`,
    '# localhost, and the own address of the pod, which is routed over lo as well.',
    `-A ${OUTPUT} -o lo -j RETURN`,
    '# DNS over TCP, the ports of the sidecar itself, and those excluded by annotation.',
    ...returnPorts(OUTPUT, direct),
    ...cidrs.map((cidr) => `-A ${OUTPUT} -d ${cidr} -j RETURN`),
    '# Everything else that leaves goes to the outbound listener.',
    `-A ${OUTPUT} -p tcp -j REDIRECT --to-ports ${options.outboundPort}`,
  ];
}

function returnPorts(chain: string, ports: readonly number[]): readonly string[] {
  const unique = [...new Set(ports)].sort((a, b) => a - b);
  const rules: string[] = [];
  for (let start = 0; start < unique.length; start += PORTS_PER_RULE) {
    const some = unique.slice(start, start + PORTS_PER_RULE).join(',');
    rules.push(`-A ${chain} -p tcp -m multiport --dports ${some} -j RETURN`);
  }
  return rules;
}

function asDeletion(jump: string): string {
  return jump.replace(/^-A /, '-D ');
}

function transaction(lines: readonly string[]): string {
  return ['*nat', ...lines, 'COMMIT', ''].join('\n');
}
