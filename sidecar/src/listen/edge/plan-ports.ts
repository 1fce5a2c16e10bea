import type { EdgeConfig, EdgeListener } from '@lanekeeper/protocol/edge';

/** What is to be had of one port; its listeners are told apart by their hosts. */
export interface PortPlan {
  readonly port: number;
  readonly isTls: boolean;
  /** Each connection begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  readonly listeners: readonly EdgeListener[];
  /** Listeners that cannot be served beside the others, each with its reason. */
  readonly problems: readonly string[];
}

/** What to do so that the ports are those of a new configuration. Those in `update` stay open. */
export interface PortChange {
  readonly open: readonly PortPlan[];
  readonly update: readonly PortPlan[];
  readonly close: readonly number[];
}

/** One plan a port. What a port speaks is said by its first listener; those that want something else are not served. */
export function planPorts(edge: EdgeConfig | undefined): ReadonlyMap<number, PortPlan> {
  const byPort = Map.groupBy(edge?.listeners ?? [], ({ port }) => port);
  return new Map([...byPort].map(([port, listeners]) => [port, planPort(port, listeners)]));
}

function planPort(port: number, all: readonly EdgeListener[]): PortPlan {
  const [first] = all;
  const isTls = first?.protocol === 'https';
  const proxyProtocol = first?.policy.proxyProtocol ?? false;
  const listeners: EdgeListener[] = [];
  const problems: string[] = [];
  for (const listener of all) {
    const problem = conflictOf(listener, first);
    if (problem === undefined) listeners.push(listener);
    else problems.push(problem);
  }
  return { port, isTls, proxyProtocol, listeners, problems };
}

function conflictOf(listener: EdgeListener, first: EdgeListener | undefined): string | undefined {
  if (first === undefined) return undefined;
  const { name, protocol, policy, port } = listener;
  if (protocol !== first.protocol)
    return `${name}: port ${port} speaks ${first.protocol} for ${first.name}; choose another port`;
  if (policy.proxyProtocol !== first.policy.proxyProtocol)
    return `${name}: whether connections to port ${port} begin with a PROXY header is said by ${first.name}; say the same`;
  return undefined;
}

export function changePorts(open: Iterable<number>, wanted: ReadonlyMap<number, PortPlan>): PortChange {
  const before = new Set(open);
  const plans = [...wanted.values()];
  return {
    open: plans.filter(({ port }) => !before.has(port)),
    update: plans.filter(({ port }) => before.has(port)),
    close: [...before].filter((port) => !wanted.has(port)),
  };
}
