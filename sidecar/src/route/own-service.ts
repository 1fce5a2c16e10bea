import { addressKey } from './address-key.ts';
import { parseAuthority } from './authority.ts';
import type { Connection } from '../listen/connection.ts';
import type { RequestHead } from '../wire/head.ts';
import type { DecisionContext } from './decision-context.ts';
import { portOf } from './resolve-destination.ts';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { AddressOwner, Endpoint, Service, ServicePort } from './snapshot.ts';

/** What this pod is in the mesh, for one request that reached it. */
export interface OwnService {
  readonly service: Service | undefined;
  /** Undefined: the service is unknown, or nothing tells which of its ports was meant. */
  readonly servicePort: ServicePort | undefined;
  /** This pod's own endpoint. */
  readonly endpoint: Endpoint | undefined;
}

const STRANGER: OwnService = { service: undefined, servicePort: undefined, endpoint: undefined };

/** By the address that the caller connected to; where no source knows it as an endpoint, by the workload's name. */
export function findOwnService(
  head: RequestHead,
  connection: Connection,
  context: DecisionContext,
): OwnService {
  const { snapshot, workload } = context;
  const own = snapshot.services.get(serviceId({ name: workload.app, namespace: workload.namespace }));
  const owners = snapshot.byAddress.get(addressKey(connection.destination ?? connection.local));
  const owner = owners === undefined ? undefined : ownerAmong(owners, head, context, own);
  if (owner !== undefined) {
    return { service: owner.servicePort.service, servicePort: owner.servicePort, endpoint: owner.endpoint };
  }
  if (own === undefined) return STRANGER;
  const { port } = parseAuthority(head.authority);
  return { service: own, servicePort: portOf(own, port) ?? portOf(own, undefined), endpoint: undefined };
}

/** Of several services that share this endpoint: the one the authority names, then the workload's own, then the first. */
function ownerAmong(
  owners: readonly AddressOwner[],
  head: RequestHead,
  context: DecisionContext,
  own: Service | undefined,
): AddressOwner | undefined {
  const endpoints = owners.filter((owner) => owner.endpoint !== undefined);
  if (endpoints.length < 2) return endpoints[0];
  const { host, port } = parseAuthority(head.authority);
  const named = context.snapshot.byHost.get(host);
  const servicePort = named === undefined ? undefined : portOf(named, port);
  return (
    endpoints.find((owner) => owner.servicePort === servicePort) ??
    endpoints.find((owner) => owner.servicePort.service === named) ??
    endpoints.find((owner) => owner.servicePort.service === own) ??
    endpoints[0]
  );
}
