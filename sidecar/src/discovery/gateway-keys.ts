import { MAX_GATEWAY_INTERESTS, type InterestKey } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig, EdgeRule } from '@lanekeeper/protocol/edge';
import type { MeshConfig, ServiceRef } from '@lanekeeper/protocol/model';

/** The others are for what it asks for beside: itself, and addresses that it meets. */
export const MAX_GATEWAY_SERVICES = MAX_GATEWAY_INTERESTS - 100;

/** Of what a gateway serves, the services that requests may go to: it knows before the first request what it will be asked for. */
export function gatewayKeys({ gateway, edge }: Pick<MeshConfig, 'gateway' | 'edge'>): readonly InterestKey[] {
  const keys = new Set(gateway.routes.map(({ service }) => keyOf(service)));
  for (const service of servicesOf(edge)) keys.add(keyOf(service));
  return [...keys];
}

function* servicesOf(edge: EdgeConfig | undefined): Iterable<ServiceRef> {
  for (const { hosts } of edge?.listeners ?? []) {
    for (const { rules } of hosts) for (const rule of rules) yield* servicesOfRule(rule);
  }
}

function* servicesOfRule({ action, canaries = [], mirrors = [] }: EdgeRule): Iterable<ServiceRef> {
  const forwarded = action.kind === 'forward' ? action.backends : [];
  for (const { service } of forwarded) if (service !== undefined) yield service;
  for (const { backend } of canaries) if (backend.service !== undefined) yield backend.service;
  for (const { service } of mirrors) yield service;
}

function keyOf({ name, namespace }: ServiceRef): InterestKey {
  return `host:${`${name}.${namespace}`.toLowerCase()}`;
}
