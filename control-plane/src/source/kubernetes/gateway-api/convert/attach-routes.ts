import { ANY_HOST, intersectHosts, type HostPattern } from '../../edge/hostnames.ts';
import { compareTexts } from '../../edge/sort-rules.ts';
import type { KubeRoute, ParentRef } from '../objects.ts';
import { GATEWAY_API_GROUP } from '../resources.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import type { GatewayState } from './gateway-states.ts';
import { selects } from './label-selector.ts';
import type { ListenerState } from './listener-states.ts';
import { ListenerRoutes, type AttachedRoute } from './listener-routes.ts';
import type { Refusal } from './refusal.ts';

/** A parentRef to a Gateway of ours. */
export interface ParentState {
  readonly parent: ParentRef;
  /** Undefined: at least one listener has the route. */
  readonly refusal: Refusal | undefined;
}

export interface Attachments {
  /** Only parents of ours; a route without any is not among them. */
  readonly parents: ReadonlyMap<KubeRoute, readonly ParentState[]>;
  readonly routes: ReadonlyMap<ListenerState, readonly AttachedRoute[]>;
}

export interface AttachContext {
  readonly gateways: ReadonlyMap<string, GatewayState>;
  readonly view: Pick<GatewayApiView, 'namespaceLabels'>;
  /** Why nothing of a route can be served, wherever it is attached. */
  readonly unusable: (route: KubeRoute) => Refusal | undefined;
}

/** `routes` oldest first: of two that exclude each other the older one stays. */
export function attachRoutes(routes: readonly KubeRoute[], context: AttachContext): Attachments {
  const attached = new Map<ListenerState, ListenerRoutes>();
  for (const { listeners } of context.gateways.values())
    for (const state of listeners) attached.set(state, new ListenerRoutes());
  const parents = new Map<KubeRoute, readonly ParentState[]>();
  for (const route of routes) {
    const states = route.parentRefs.flatMap((parent) => {
      const gateway = gatewayOf(parent, context);
      if (gateway === undefined) return [];
      return [{ parent, refusal: attach({ route, parent, gateway }, attached, context) }];
    });
    if (states.length > 0) parents.set(route, states);
  }
  return { parents, routes: new Map([...attached].map(([state, { all }]) => [state, all])) };
}

/** Oldest first, then by `namespace/name`, then by kind. */
export function byAge(a: KubeRoute, b: KubeRoute): number {
  return (
    compareTexts(a.meta.createdAt, b.meta.createdAt) ||
    compareTexts(nameOf(a), nameOf(b)) ||
    compareTexts(a.kind, b.kind)
  );
}

function nameOf({ meta }: KubeRoute): string {
  return `${meta.namespace}/${meta.name}`;
}

function gatewayOf(parent: ParentRef, { gateways }: AttachContext): GatewayState | undefined {
  if (parent.group !== GATEWAY_API_GROUP || parent.kind !== 'Gateway') return undefined;
  return gateways.get(`${parent.namespace}/${parent.name}`);
}

interface Attachment {
  readonly route: KubeRoute;
  readonly parent: ParentRef;
  readonly gateway: GatewayState;
}

function attach(
  { route, parent, gateway }: Attachment,
  attached: ReadonlyMap<ListenerState, ListenerRoutes>,
  context: AttachContext,
): Refusal | undefined {
  const unusable = context.unusable(route);
  if (unusable !== undefined) return unusable;
  const meant = meantListeners(parent, gateway);
  if ('reason' in meant) return meant;
  const allowing = meant.filter((state) => allows(state, { route, gateway }, context));
  if (allowing.length === 0) return notAllowed(route, meant);
  const meeting = allowing
    .map((state) => ({ state, hosts: commonHosts(state.host, route.hostnames) }))
    .filter(({ hosts }) => hosts.length > 0);
  if (meeting.length === 0) return noHost(route, allowing);
  const free = meeting.filter(({ state, hosts }) => attached.get(state)?.rivalOf(route, hosts) === undefined);
  for (const { state, hosts } of free) attached.get(state)?.add({ route, hosts });
  return free.length === 0 ? rivalled(meeting, attached, route) : undefined;
}

function meantListeners(
  { sectionName, port }: ParentRef,
  { key, refusal, listeners }: GatewayState,
): readonly ListenerState[] | Refusal {
  if (refusal !== undefined)
    return { reason: 'NoMatchingParent', message: `Gateway ${key} is not accepted: ${refusal.message}` };
  const named = listeners.filter(
    ({ listener }) =>
      (sectionName === undefined || listener.name === sectionName) &&
      (port === undefined || listener.port === port),
  );
  const what = [
    ...(sectionName === undefined ? [] : [`of the name ${sectionName}`]),
    ...(port === undefined ? [] : [`on port ${port}`]),
  ].join(' ');
  if (named.length === 0)
    return { reason: 'NoMatchingParent', message: `Gateway ${key} has no listener ${what}` };
  const accepted = named.filter((state) => state.refusal === undefined || state.kinds.length === 0);
  if (accepted.length > 0) return accepted;
  return { reason: 'NoMatchingParent', message: `no listener of Gateway ${key} that is meant can be served` };
}

function allows(
  { kinds, listener, refusal }: ListenerState,
  { route, gateway }: Omit<Attachment, 'parent'>,
  { view }: AttachContext,
): boolean {
  if (refusal !== undefined || !kinds.includes(route.kind)) return false;
  const { from, selector } = listener.allowedRoutes;
  const { namespace } = route.meta;
  if (from === 'All') return true;
  if (from === 'Same') return namespace === gateway.gateway.meta.namespace;
  const labels = from === 'Selector' ? view.namespaceLabels(namespace) : undefined;
  return labels !== undefined && selects(selector, labels);
}

function commonHosts(host: HostPattern, hostnames: readonly string[]): readonly HostPattern[] {
  const wanted = hostnames.length === 0 ? [ANY_HOST] : hostnames;
  const common = wanted.map((hostname) => intersectHosts(host, hostname));
  return [...new Set(common.filter((one) => one !== undefined))];
}

function notAllowed({ kind, meta }: KubeRoute, states: readonly ListenerState[]): Refusal {
  const message = `no ${kind} of namespace ${meta.namespace} may attach to ${namesOf(states)} (allowedRoutes)`;
  return { reason: 'NotAllowedByListeners', message };
}

function noHost({ hostnames }: KubeRoute, states: readonly ListenerState[]): Refusal {
  const theirs = states.map(({ host }) => host).join(', ');
  const message = `none of ${hostnames.join(', ')} is a host of ${namesOf(states)} (${theirs})`;
  return { reason: 'NoMatchingListenerHostname', message };
}

function rivalled(
  meeting: readonly { readonly state: ListenerState; readonly hosts: readonly HostPattern[] }[],
  attached: ReadonlyMap<ListenerState, ListenerRoutes>,
  route: KubeRoute,
): Refusal {
  const rivals = meeting.flatMap(({ state, hosts }) => {
    const rival = attached.get(state)?.rivalOf(route, hosts);
    return rival === undefined ? [] : [`${rival.kind} ${nameOf(rival)}`];
  });
  const message = `older routes of the other kind have its hosts: ${[...new Set(rivals)].join(', ')}`;
  return { reason: 'NotAllowedByListeners', message };
}

function namesOf(states: readonly ListenerState[]): string {
  return `${states.length === 1 ? 'listener' : 'listeners'} ${states.map(({ listener }) => listener.name).join(', ')}`;
}
