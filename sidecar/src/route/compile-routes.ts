import type { GatewayRoute } from '@lanekeeper/protocol/model';
import type { RouteTable } from './snapshot.ts';

/** Sorts the gateway's routes by how their host is written. Of routes with the same host and prefix the first declared wins. */
export function compileRouteTable(routes: readonly GatewayRoute[]): RouteTable {
  const exact = new Map<string, GatewayRoute[]>();
  const wildcard = new Map<string, GatewayRoute[]>();
  const any: GatewayRoute[] = [];
  const longestFirst = routes
    .map((route) => ({ ...route, pathPrefix: trimPrefix(route.pathPrefix) }))
    .sort((a, b) => b.pathPrefix.length - a.pathPrefix.length);
  for (const route of longestFirst) {
    for (const host of route.hosts) {
      const name = host.toLowerCase();
      if (name === '*') any.push(route);
      else if (name.startsWith('*.')) append(wildcard, name.slice(2), route);
      else append(exact, name, route);
    }
  }
  return { exact, wildcard, any };
}

/** `/a/` and `/a` match the same paths; `/` becomes the empty prefix. */
function trimPrefix(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

function append(lists: Map<string, GatewayRoute[]>, key: string, route: GatewayRoute): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [route]);
  else list.push(route);
}
