import type { AppProtocol, ServiceConfig, ServicePortConfig, ServiceRef } from '@lanekeeper/protocol/model';
import { canonicalHost } from '@lanekeeper/runtime/socket-address';
import { decodeEndpoint } from './decode-endpoint.ts';
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
import { choiceOf, integerOf, textOf } from './scalar-decoders.ts';
import type { Origins } from './origins.ts';
import { DEFAULT_NAMESPACE, parseServiceRef } from './service-name.ts';
import { HOST_NAME, IP_ADDRESS, NAME, SERVICE_NAME } from './text-rules.ts';

const PROTOCOLS = ['auto', 'http', 'http2', 'grpc', 'tcp'] as const;
const AFFINITIES = ['client-ip'] as const;
const KEYS = [
  ...['name', 'namespace', 'hosts', 'addresses', 'port', 'ports', 'protocol'],
  ...['affinity', 'endpoints'],
];

export interface DecodeServiceOptions {
  readonly origins: Origins;
  /** See {@link decodeEndpoint}; default true. */
  readonly fillsPorts?: boolean;
}

export function decodeService(
  cursor: Cursor,
  { origins, fillsPorts = true }: DecodeServiceOptions,
): ServiceConfig | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const ports = decodePorts(cursor, fields);
  const affinity = fieldOr(fields, 'affinity', (at) => choiceOf(at, AFFINITIES), undefined);
  const service: ServiceConfig = {
    name: requiredOr({ cursor, fields }, 'name', (at) => textOf(at, SERVICE_NAME), ''),
    namespace: fieldOr(fields, 'namespace', (at) => textOf(at, NAME), DEFAULT_NAMESPACE),
    hosts: listOf(fields.get('hosts'), (at) => textOf(at, HOST_NAME)?.toLowerCase()),
    addresses: listOf(fields.get('addresses'), decodeIp),
    ports,
    ...(affinity === undefined ? {} : { affinity }),
    endpoints: listOf(fields.get('endpoints'), (at) => decodeEndpoint(at, { ports, fillsPorts }, origins)),
  };
  origins.set(service, cursor);
  return service;
}

/** `b`, `other/b` or `{name: b, namespace: other}`. */
export function decodeServiceRef(cursor: Cursor, origins: Origins): ServiceRef | undefined {
  const ref = cursor.tree.read(cursor.node).kind === 'map' ? refOfMapping(cursor) : refOfText(cursor);
  if (ref !== undefined) origins.set(ref, cursor);
  return ref;
}

function refOfMapping(cursor: Cursor): ServiceRef | undefined {
  const refused = { registry: 'registries beside this file are for a later version; leave it out' };
  const fields = fieldsOf(cursor, { keys: ['name', 'namespace'], refused });
  if (fields === undefined) return undefined;
  const name = requiredOr({ cursor, fields }, 'name', (at) => textOf(at, SERVICE_NAME), undefined);
  const namespace = fieldOr(fields, 'namespace', (at) => textOf(at, NAME), DEFAULT_NAMESPACE);
  return name === undefined ? undefined : { name, namespace };
}

function refOfText(cursor: Cursor): ServiceRef | undefined {
  const expected = 'a service: name, namespace/name, or {name, namespace}';
  const text = textOf(cursor, { expected, accepts: (given) => parseServiceRef(given) !== undefined });
  return text === undefined ? undefined : parseServiceRef(text);
}

/** Either `ports: [{port, protocol}]`, or `port` (and `protocol`) for a service that has one. */
function decodePorts(cursor: Cursor, fields: Fields): readonly ServicePortConfig[] {
  const list = fields.get('ports');
  const single = fields.get('port') ?? fields.get('protocol');
  if (list !== undefined && single !== undefined) complain(single, 'give either ports, or port and protocol');
  if (list === undefined) return decodePort(cursor, fields);
  const ports = listOf(list, (item) => {
    const entry = fieldsOf(item, { keys: ['port', 'protocol'] });
    return entry === undefined ? undefined : decodePort(item, entry);
  }).flat();
  if (ports.length === 0 && isEmptyList(list)) mismatch(list, 'at least one port');
  const seen = new Set<number>();
  for (const { port } of ports) {
    if (seen.has(port)) complain(list, `port ${port} is listed twice`);
    seen.add(port);
  }
  return ports;
}

function decodePort(cursor: Cursor, fields: Fields): readonly ServicePortConfig[] {
  const port = requiredOr({ cursor, fields }, 'port', portOf, undefined);
  const protocol: AppProtocol = fieldOr(fields, 'protocol', (at) => choiceOf(at, PROTOCOLS), 'auto');
  return port === undefined ? [] : [{ port, protocol }];
}

export function portOf(cursor: Cursor): number | undefined {
  return integerOf(cursor, 1, 65_535);
}

function decodeIp(cursor: Cursor): string | undefined {
  const text = textOf(cursor, IP_ADDRESS);
  return text === undefined ? undefined : canonicalHost(text);
}

function isEmptyList(cursor: Cursor): boolean {
  const node = cursor.tree.read(cursor.node);
  return node.kind === 'list' && node.items.length === 0;
}
