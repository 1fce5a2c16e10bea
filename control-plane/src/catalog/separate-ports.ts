import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';

/**
 * What several sources say of one service, the one whose word counts first being first, with ports that mean the same in all of them.
 * A registry knows ports of instances only and calls them all one port of the service. Where that is another port of the same pods than
 * the cluster means (a Service's 80 is HTTP on 8080, the registry has Dubbo on 20880), requests for the one must not reach the other:
 * the later source's endpoints then have the service ports of their own numbers.
 */
export function withSeparatePorts(configs: readonly ServiceConfig[]): readonly ServiceConfig[] {
  const known: ServiceConfig[] = [];
  for (const config of configs) known.push(isAtOdds(config, known) ? byOwnNumbers(config) : config);
  return known;
}

function isAtOdds(config: ServiceConfig, known: readonly ServiceConfig[]): boolean {
  if (known.length === 0 || config.endpoints.length === 0) return false;
  const portsAt = new Map<string, Readonly<Record<string, number>>[]>();
  for (const { address, aliases = [], ports } of known.flatMap(({ endpoints }) => endpoints)) {
    for (const at of [address, ...aliases]) portsAt.set(at, [...(portsAt.get(at) ?? []), ports]);
  }
  return config.endpoints.some((endpoint) => isAtOddsWith(endpoint, portsAt.get(endpoint.address) ?? []));
}

/** The same address, one service port, and no port of the endpoint in common. */
function isAtOddsWith(
  { ports }: EndpointConfig,
  others: readonly Readonly<Record<string, number>>[],
): boolean {
  const own = Object.values(ports);
  const isShared = others.some((other) => Object.values(other).some((port) => own.includes(port)));
  return (
    !isShared &&
    others.some((other) => Object.keys(other).some((servicePort) => Object.hasOwn(ports, servicePort)))
  );
}

function byOwnNumbers(config: ServiceConfig): ServiceConfig {
  const protocols = new Map(config.ports.map(({ port, protocol }) => [String(port), protocol]));
  const ports = new Map<number, ServiceConfig['ports'][number]>();
  const endpoints = config.endpoints.map((endpoint) => {
    const own: Record<string, number> = {};
    for (const [servicePort, port] of Object.entries(endpoint.ports)) {
      own[port] = port;
      if (!ports.has(port)) ports.set(port, { port, protocol: protocols.get(servicePort) ?? 'auto' });
    }
    return { ...endpoint, ports: own };
  });
  return { ...config, ports: [...ports.values()], endpoints };
}
