import type { GatewayConfig, GatewayRoute, ServiceConfig, ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { decodeServiceRef, portOf } from './decode-service.ts';
import {
  complain,
  fieldOr,
  fieldsOf,
  listOf,
  mismatch,
  requiredOr,
  type Cursor,
  type Fields,
} from './decoder.ts';
import { booleanOf, textOf } from './scalar-decoders.ts';
import type { Origins } from './origins.ts';
import { HOST_PATTERN, PATH } from './text-rules.ts';

export const DEFAULT_GATEWAY: GatewayConfig = { trustIncomingTag: false, routes: [] };

/** What a route may refer to. */
export interface RouteContext {
  readonly services: readonly ServiceConfig[];
  /** Whether it may also refer to services that are not among these; its port must be said then. */
  readonly otherServices?: 'none' | 'elsewhere' | undefined;
  readonly origins: Origins;
}

export function decodeGateway(cursor: Cursor, context: RouteContext): GatewayConfig {
  const fields = fieldsOf(cursor, { keys: ['trustIncomingTag', 'routes'] });
  if (fields === undefined) return DEFAULT_GATEWAY;
  return {
    trustIncomingTag: fieldOr(fields, 'trustIncomingTag', booleanOf, false),
    routes: listOf(fields.get('routes'), (item) => decodeRoute(item, context)),
  };
}

function decodeRoute(cursor: Cursor, context: RouteContext): GatewayRoute | undefined {
  const fields = fieldsOf(cursor, { keys: ['hosts', 'pathPrefix', 'service', 'port'] });
  if (fields === undefined) return undefined;
  const decodeRef = (at: Cursor): ServiceRef | undefined => decodeServiceRef(at, context.origins);
  const service = requiredOr({ cursor, fields }, 'service', decodeRef, undefined);
  const hosts = fieldOr(fields, 'hosts', decodeHosts, ['*']);
  const pathPrefix = fieldOr(fields, 'pathPrefix', (at) => textOf(at, PATH), '/');
  if (service === undefined) return undefined;
  const known = findService(context.services, service);
  if (known === undefined && context.otherServices === 'elsewhere' && !fields.has('port')) {
    complain(cursor, `port is missing; ${serviceId(service)} is not declared here, so its port is not known`);
  }
  const port = decodeRoutePort(cursor, fields, known);
  const route: GatewayRoute = { hosts, pathPrefix, service, port };
  context.origins.set(route, cursor);
  return route;
}

function decodeHosts(cursor: Cursor): string[] {
  const hosts = listOf(cursor, (item) => textOf(item, HOST_PATTERN)?.toLowerCase());
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'list' && node.items.length === 0) mismatch(cursor, 'at least one host, or "*"');
  return hosts;
}

/** A service with one port need not be told which. 0 stands for a port that could not be found, which is reported. */
function decodeRoutePort(cursor: Cursor, fields: Fields, service: ServiceConfig | undefined): number {
  const ports = service?.ports.map(({ port }) => port) ?? [];
  const at = fields.get('port');
  if (at === undefined) {
    if (ports.length > 1) complain(cursor, `port is missing; the service has ${ports.join(', ')}`);
    return ports[0] ?? 0;
  }
  const port = portOf(at) ?? 0;
  if (port !== 0 && ports.length > 0 && !ports.includes(port)) {
    complain(at, `the service has no port ${port}; it has ${ports.join(', ')}`);
  }
  return port;
}

function findService(services: readonly ServiceConfig[], ref: ServiceRef): ServiceConfig | undefined {
  return services.find((service) => serviceId(service) === serviceId(ref));
}
