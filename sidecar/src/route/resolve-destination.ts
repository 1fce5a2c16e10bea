import { canonicalHost, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import { addressKey } from './address-key.ts';
import type { Authority } from './authority.ts';
import { parseAuthority } from './authority.ts';
import type { DecisionContext } from './decision-context.ts';
import type { AddressOwner, Endpoint, Service, ServicePort, Snapshot } from './snapshot.ts';

/** Which service a request is for, and how that is known. */
export interface Destination {
  /** Undefined: no service of the mesh. */
  readonly servicePort: ServicePort | undefined;
  /** The one endpoint that the client chose itself. */
  readonly preferred: Endpoint | undefined;
  readonly by: 'address' | 'authority' | 'none';
}

export const HTTP_PORT = 80;
const NOWHERE: Destination = { servicePort: undefined, preferred: undefined, by: 'none' };

/**
 * The original destination address decides, because that is where the bytes would go without us; the authority decides where
 * the address is unknown, and which service is meant where several share the address. An address that was an endpoint's a short
 * while ago counts where nothing else tells.
 */
export function resolveDestination(
  { snapshot, former }: Pick<DecisionContext, 'snapshot' | 'former'>,
  address: SocketAddress | undefined,
  authority: string,
): Destination {
  if (address !== undefined) {
    const owner = ownerOf(snapshot.byAddress.get(addressKey(address)), snapshot, authority);
    if (owner !== undefined) return byOwner(owner, 'address');
    const servicePort = namedPort(snapshot, address);
    if (servicePort !== undefined) return { servicePort, preferred: undefined, by: 'address' };
  }
  const found = authority === '' ? NOWHERE : byAuthority(snapshot, parseAuthority(authority));
  if (found.servicePort !== undefined) return found;
  const at = passThroughTarget(address, authority);
  const owner = at === undefined ? undefined : former?.find(at, snapshot);
  return owner === undefined ? NOWHERE : byOwner(owner, address === undefined ? 'authority' : 'address');
}

/** The service that an address names instead of locating it: the target of `CONNECT b.default:80`. */
export function namedPort(snapshot: Snapshot, address: SocketAddress): ServicePort | undefined {
  return snapshot.byHost.get(address.address.toLowerCase())?.ports.get(address.port);
}

/**
 * What the mesh says of the protocol that is spoken at an address. Services that share it and disagree leave it to the first bytes;
 * registries mostly know nothing.
 */
export function protocolAt(snapshot: Snapshot, address: SocketAddress): AppProtocol {
  const owners = snapshot.byAddress.get(addressKey(address)) ?? [];
  const said = new Set(owners.map(({ servicePort }) => servicePort.protocol));
  said.delete('auto');
  const [only = 'auto'] = said;
  return said.size === 1 ? only : 'auto';
}

function ownerOf(
  owners: readonly AddressOwner[] | undefined,
  snapshot: Snapshot,
  authority: string,
): AddressOwner | undefined {
  if (owners === undefined || owners.length === 1 || authority === '') return owners?.[0];
  const { host, port } = parseAuthority(authority);
  const service = snapshot.byHost.get(host);
  if (service === undefined) return owners[0];
  const named = portOf(service, port);
  return (
    owners.find((owner) => owner.servicePort === named) ??
    owners.find((owner) => owner.servicePort.service === service) ??
    owners[0]
  );
}

function byOwner(owner: AddressOwner, by: 'address' | 'authority'): Destination {
  return { servicePort: owner.servicePort, preferred: owner.endpoint, by };
}

function byAuthority(snapshot: Snapshot, authority: Authority): Destination {
  const service = snapshot.byHost.get(authority.host);
  if (service === undefined) return byLiteral(snapshot, authority);
  const servicePort = portOf(service, authority.port);
  return servicePort === undefined ? NOWHERE : { servicePort, preferred: undefined, by: 'authority' };
}

/** `http://10.0.0.5:8080/` through the explicit proxy: the authority is itself the address of an instance, or its host name. */
function byLiteral(snapshot: Snapshot, authority: Authority): Destination {
  if (authority.host === '') return NOWHERE;
  const { host, port = HTTP_PORT } = authority;
  const owner = snapshot.byAddress.get(addressKey(literal(host, port)))?.[0];
  return owner === undefined ? NOWHERE : byOwner(owner, 'authority');
}

/** IPv6 has many spellings, of which addresses in the mesh have one. */
function literal(host: string, port: number): SocketAddress {
  return { address: host.includes(':') ? canonicalHost(host) : host, port };
}

/** The port that an authority means at a service: its own, else 80, else the only one there is. */
export function portOf(service: Service, port: number | undefined): ServicePort | undefined {
  if (port !== undefined) return service.ports.get(port);
  const http = service.ports.get(HTTP_PORT);
  if (http !== undefined || service.ports.size !== 1) return http;
  for (const only of service.ports.values()) return only;
  return undefined;
}

/** Where a request to no service of the mesh goes: as addressed. Undefined: neither address nor authority tells. */
export function passThroughTarget(
  address: SocketAddress | undefined,
  authority: string,
): SocketAddress | undefined {
  if (address !== undefined) return address;
  const { host, port = HTTP_PORT } = parseAuthority(authority);
  return host === '' || port === 0 ? undefined : literal(host, port);
}
