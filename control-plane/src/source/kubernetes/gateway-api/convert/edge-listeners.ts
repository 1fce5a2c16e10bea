import type { EdgeHost, EdgeListener } from '@lanekeeper/protocol/edge';
import { compareHosts, type HostPattern } from '../../edge/hostnames.ts';
import { sortRules, type RankedRule } from '../../edge/sort-rules.ts';
import type { KubeRoute } from '../objects.ts';
import type { ConvertedRoute } from './convert-rules.ts';
import type { GatewayPlace } from './gateway-api-view.ts';
import type { GatewayState } from './gateway-states.ts';
import type { AttachedRoute } from './listener-routes.ts';
import type { ListenerState } from './listener-states.ts';

export interface ListenerContext {
  readonly place: GatewayPlace | undefined;
  readonly attached: (state: ListenerState) => readonly AttachedRoute[];
  readonly converted: (route: KubeRoute) => ConvertedRoute;
}

/** What gateway pods are to listen on for a Gateway: nothing before it has ports, and nothing of what is refused. */
export function edgeListeners(gateway: GatewayState, context: ListenerContext): readonly EdgeListener[] {
  if (gateway.refusal !== undefined) return [];
  return gateway.listeners.flatMap((state) => {
    const { port: publicPort, protocol, name } = state.listener;
    const port = context.place?.targetPorts.get(publicPort);
    if (port === undefined || state.refusal !== undefined) return [];
    return [
      {
        name: `Gateway ${gateway.key}: ${name}`,
        ...{ port, publicPort, host: state.host, policy: gateway.policy },
        protocol: protocol === 'HTTPS' ? 'https' : 'http',
        certificates: state.certificates,
        hosts: isDark(state) ? [] : edgeHosts(state, context),
      },
    ];
  });
}

/** Its certificates cannot be had: it only sees to it that no other listener answers for its hosts. */
export function isDark({ listener, certificates }: ListenerState): boolean {
  return listener.protocol === 'HTTPS' && certificates.length === 0;
}

function edgeHosts(state: ListenerState, { attached, converted }: ListenerContext): readonly EdgeHost[] {
  const byHost = new Map<HostPattern, RankedRule[]>();
  for (const { route, hosts } of attached(state)) {
    const { rules } = converted(route);
    for (const host of hosts) {
      const known = byHost.get(host);
      if (known === undefined) byHost.set(host, [...rules]);
      else known.push(...rules);
    }
  }
  return [...byHost]
    .toSorted(([a], [b]) => compareHosts(a, b))
    .map(([host, rules]) => ({ host, rules: sortRules(rules) }));
}
