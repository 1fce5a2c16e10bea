import { isDeepStrictEqual } from 'node:util';
import { backendRefs } from './backend-refs.ts';
import type { Manifest, Tell } from './conversion.ts';
import { GATEWAY_API, type Entry } from './gateway.ts';
import { describeIngress, type Ingress, type IngressHost, type IngressPath } from './ingress.ts';
import { pathMatch, routePath } from './route-paths.ts';
import { APP_ROOT_STATUS, routeFilters } from './route-filters.ts';
import type { FindService } from './services.ts';
import { guardOf, tellUnmapped } from './unmapped.ts';

export interface RouteContext {
  readonly entry: Entry;
  readonly find: FindService;
  readonly tell: Tell;
}

/** An HTTPRoute has no more. */
const MOST_RULES = 16;

/**
 * One route for all hosts with the same paths; more of them where an Ingress has more rules than a route may have. One that
 * keeps people out stays an Ingress: as a route it would let them in.
 */
export function httpRoutes(ingress: Ingress, context: RouteContext): readonly Manifest[] {
  const guard = guardOf(ingress);
  if (guard !== undefined) {
    context.tell({ object: describeIngress(ingress), message: guard });
    return [];
  }
  tellUnmapped(ingress, context.tell);
  const groups = groupHosts(ingress, context.entry);
  const routes = groups.flatMap((group) => routesOf(ingress, group, context));
  return routes.map((spec, index) => route(ingress, index === 0 ? '' : `-${index + 1}`, spec));
}

function route(ingress: Ingress, suffix: string, spec: Manifest): Manifest {
  const metadata = { name: `${ingress.name}${suffix}`, namespace: ingress.namespace };
  return { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata, spec };
}

interface HostGroup {
  readonly hosts: readonly string[];
  readonly paths: readonly IngressPath[];
  readonly parents: ReturnType<Entry['parents']>;
}

function groupHosts(ingress: Ingress, entry: Entry): readonly HostGroup[] {
  const groups: (HostGroup & { readonly hosts: string[] })[] = [];
  for (const { host, paths } of mergeHosts(ingress.hosts)) {
    const parents = entry.parents(host);
    const same = groups.find(
      (group) => isDeepStrictEqual(group.paths, paths) && isDeepStrictEqual(group.parents, parents),
    );
    // A route without host names is for all of them.
    if (same === undefined || host === '*') groups.push({ hosts: [host], paths, parents });
    else same.hosts.push(host);
  }
  return groups;
}

/** One host may stand in several rules. */
function mergeHosts(hosts: readonly IngressHost[]): readonly IngressHost[] {
  const merged = new Map<string, readonly IngressPath[]>();
  for (const { host, paths } of hosts) merged.set(host, [...(merged.get(host) ?? []), ...paths]);
  return [...merged].map(([host, paths]) => ({ host, paths }));
}

function routesOf(ingress: Ingress, group: HostGroup, context: RouteContext): readonly Manifest[] {
  const { redirects } = ingress.settings;
  const hostnames = group.hosts.includes('*') ? {} : { hostnames: group.hosts };
  const { all, plain, tls } = group.parents;
  const sendsToHttps = redirects.https !== 'never' && plain !== undefined && tls !== undefined;
  if (redirects.https === 'always' && tls === undefined) {
    const message = 'force-ssl-redirect needs a route of its own at the listener of plain text';
    context.tell({ object: describeIngress(ingress), message });
  }
  const parentRefs = sendsToHttps ? tls : all;
  const rules = rulesOf(ingress, group.paths, context);
  const parts = Array.from({ length: Math.ceil(rules.length / MOST_RULES) }, (_, part) =>
    rules.slice(part * MOST_RULES, (part + 1) * MOST_RULES),
  );
  return [
    ...parts.map((part) => ({ parentRefs, ...hostnames, rules: part })),
    ...(sendsToHttps ? [{ parentRefs: plain, ...hostnames, rules: [TO_HTTPS] }] : []),
  ];
}

const TO_HTTPS: Manifest = {
  filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 308 } }],
};

function rulesOf(
  ingress: Ingress,
  paths: readonly IngressPath[],
  context: RouteContext,
): readonly Manifest[] {
  const { appRoot } = ingress.settings.redirects;
  return [
    ...(appRoot === undefined ? [] : [appRootRule(appRoot)]),
    ...paths.map((path) => ruleOf(ingress, path, context)),
  ];
}

function ruleOf(ingress: Ingress, path: IngressPath, context: RouteContext): Manifest {
  const { match, rewrite, problem } = routePath(path, ingress.settings);
  if (problem !== undefined) context.tell({ object: describeIngress(ingress), message: problem });
  const { redirects, timeouts } = ingress.settings;
  const filters = routeFilters(ingress.settings, rewrite);
  const backendMs = timeouts?.backendRequestMs;
  return {
    matches: [{ path: pathMatch(match) }],
    ...(filters.length === 0 ? {} : { filters }),
    ...(backendMs === undefined ? {} : { timeouts: { backendRequest: `${backendMs / 1000}s` } }),
    ...(redirects.all === undefined ? { backendRefs: backendRefs(ingress, path.backend, context) } : {}),
  };
}

function appRootRule(full: string): Manifest {
  const path = { type: 'ReplaceFullPath', replaceFullPath: full };
  return {
    matches: [{ path: { type: 'Exact', value: '/' } }],
    filters: [{ type: 'RequestRedirect', requestRedirect: { path, statusCode: APP_ROOT_STATUS } }],
  };
}
