import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { ipKey } from '../catalog/canonical-key.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ConnectedSidecar } from './count-acks.ts';

/** A stream that has said hello, as far as it matters here. */
export interface SidecarSession {
  readonly node: NodeIdentity;
  /** Versions of the mesh part that may be in force there, with a space between; empty before it is told one. */
  readonly meshes: string;
}

export function* connectedSidecars(
  sessions: Iterable<SidecarSession>,
  catalog: Pick<Catalog, 'resolve' | 'service'>,
): Iterable<ConnectedSidecar> {
  for (const { node, meshes } of sessions) {
    if (meshes === '') continue;
    yield {
      pod: `${node.namespace}/${node.pod}`,
      isGateway: node.role === 'gateway',
      services: servicesOf(node, catalog),
      meshes,
    };
  }
}

/** By the pod's address; where no service has it, by the name of its application. */
function servicesOf(
  { address, app, namespace }: NodeIdentity,
  catalog: Pick<Catalog, 'resolve' | 'service'>,
): readonly string[] {
  const ids = address === undefined ? [] : catalog.resolve(ipKey(address));
  if (ids.length > 0 || app === '') return ids;
  const own = serviceId({ name: app, namespace });
  return catalog.service(own) === undefined ? [] : [own];
}
