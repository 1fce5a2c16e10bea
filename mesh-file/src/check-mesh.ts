import type { EndpointConfig, MeshConfig, ServiceConfig, ServiceRef } from '@lanekeeper/protocol/model';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { checkColourLanes, checkColourNames } from './check-colouring.ts';
import { checkLanes } from './check-lanes.ts';
import { Claims } from './claims.ts';
import { complain } from './decoder.ts';
import type { Origins } from './origins.ts';

/** What only shows when several parts are seen together: things declared twice, and references to things that are not there. */
export function checkMesh(
  config: MeshConfig,
  origins: Origins,
  otherServices: 'none' | 'elsewhere' = 'none',
): void {
  checkServices(config.services, origins);
  const known = otherServices === 'none' ? new Set(config.services.map(serviceId)) : undefined;
  checkGroups(config, known, origins);
  checkLanes(config, origins);
  checkColourNames(config.colouring, origins);
  if (otherServices === 'none') checkColourLanes(config, origins);
  checkRoutes(config, known, origins);
}

/** As much of it as a piece of a mesh can be asked: the services that groups and routes name may be elsewhere. */
export function checkMeshPart(part: MeshPart, origins: Origins): void {
  checkGroups(part, undefined, origins);
  checkLanes(part, origins);
  checkColourNames(part.colouring, origins);
  checkRoutes(part, undefined, origins);
}

function checkServices(services: readonly ServiceConfig[], origins: Origins): void {
  const ids = new Claims(origins);
  const hosts = new Claims(origins);
  const addresses = new Claims(origins);
  for (const service of services) {
    if (service.name !== '') ids.claim(serviceId(service), service, `service ${serviceId(service)}`);
    service.hosts.forEach((host, index) => hosts.claim(host, service, `host ${host}`, 'hosts', index));
    service.addresses.forEach((address, index) => {
      for (const { port } of service.ports) {
        const at = formatAddress({ address, port });
        addresses.claim(at, service, `address ${at}`, 'addresses', index);
      }
    });
    checkEndpoints(service, origins);
  }
}

function checkEndpoints(service: ServiceConfig, origins: Origins): void {
  const claims = new Claims(origins);
  for (const endpoint of service.endpoints) {
    for (const address of new Set([endpoint.address, ...(endpoint.aliases ?? [])])) {
      if (address !== '') claimAddress(claims, endpoint, address);
    }
  }
}

function claimAddress(claims: Claims, endpoint: EndpointConfig, address: string): void {
  for (const port of new Set(Object.values(endpoint.ports))) {
    const at = formatAddress({ address, port });
    claims.claim(at, endpoint, `endpoint ${at}`);
  }
}

/** Ids of all services that there are; undefined: nobody here can tell. */
type KnownServices = ReadonlySet<string> | undefined;

function checkGroups(config: MeshPart, known: KnownServices, origins: Origins): void {
  const names = new Claims(origins);
  const members = new Claims(origins);
  for (const group of config.groups) {
    if (group.name !== '') names.claim(group.name, group, `group ${group.name}`);
    for (const service of group.services) {
      checkReference(service, known, origins);
      members.claim(serviceId(service), service, `membership of service ${serviceId(service)} in a group`);
    }
  }
}

function checkRoutes(config: MeshPart, known: KnownServices, origins: Origins): void {
  const claims = new Claims(origins);
  for (const route of config.gateway.routes) {
    checkReference(route.service, known, origins);
    const prefix = route.pathPrefix.replace(/\/$/, '');
    route.hosts.forEach((host, index) =>
      claims.claim(`${host}${prefix}`, route, `route for ${host} ${route.pathPrefix}`, 'hosts', index),
    );
  }
}

function checkReference(ref: ServiceRef, known: KnownServices, origins: Origins): void {
  const at = origins.get(ref);
  if (known === undefined || known.has(serviceId(ref)) || at === undefined) return;
  const elsewhere = [...known].filter((id) => id.endsWith(`/${ref.name}`));
  const hint = elsewhere.length > 0 ? `; there is ${elsewhere.join(', ')}` : '';
  complain(at, `no service ${serviceId(ref)} is declared${hint}`);
}
