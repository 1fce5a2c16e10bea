import type { GatewayRoute } from '@lanekeeper/protocol/model';
import { parseAuthority } from './authority.ts';
import type { RouteTable } from './snapshot.ts';

/**
 * The gateway's route for a request: an exact host before a wildcard (the longest first) before `*`; under one host the longest
 * prefix of whole path segments. A host whose routes do not match the path leaves the request to the next wider one, as in the
 * Gateway API. `*.example.com` stands for one or more labels.
 */
export function matchRoute(table: RouteTable, authority: string, path: string): GatewayRoute | undefined {
  const { host } = parseAuthority(authority);
  const pathname = pathOf(path);
  const exact = longestPrefix(table.exact.get(host), pathname);
  if (exact !== undefined) return exact;
  if (table.wildcard.size > 0) {
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const route = longestPrefix(table.wildcard.get(host.slice(dot + 1)), pathname);
      if (route !== undefined) return route;
    }
  }
  return longestPrefix(table.any, pathname);
}

/** The list is sorted by length, so the first that matches is the longest. */
function longestPrefix(routes: readonly GatewayRoute[] | undefined, path: string): GatewayRoute | undefined {
  return routes?.find(({ pathPrefix }) => isSegmentPrefix(pathPrefix, path));
}

/** `/a` is a prefix of `/a` and `/a/b`, not of `/ab`. */
function isSegmentPrefix(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix === '' || path.length === prefix.length || path[prefix.length] === '/';
}

function pathOf(path: string): string {
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
