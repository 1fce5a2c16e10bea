import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EndpointConfig, ServicePortConfig } from '@lanekeeper/protocol/model';
import { canonicalHost } from '@lanekeeper/runtime/socket-address';
import {
  complain,
  entriesOf,
  fieldOr,
  fieldsOf,
  listOf,
  requiredOr,
  type Cursor,
  type Fields,
} from './decoder.ts';
import { booleanOf, choiceOf, integerOf, textOf } from './scalar-decoders.ts';
import type { Origins } from './origins.ts';
import { HOST, LANE_NAME } from './text-rules.ts';

const KEYS = [
  ...['address', 'aliases', 'port', 'ports', 'lane', 'weight', 'zone', 'pod'],
  ...['healthy', 'dropReason', 'source'],
];
/** What a source can know; the other reasons are the sidecar's own. */
const DROP_REASONS = [
  ...(['unhealthy', 'terminating', 'not-injected', 'draining'] as const),
  ...(['disabled', 'invalid-lane', 'invalid-weight'] as const),
] as const;
const MAX_WEIGHT = 10_000;
const DEFAULT_WEIGHT = 100;

/** The service that an endpoint stands in. */
export interface EndpointOwner {
  readonly ports: readonly ServicePortConfig[];
  /** Whether a service port that the endpoint does not name is the same on the endpoint; else it does not serve it. */
  readonly fillsPorts: boolean;
}

export function decodeEndpoint(
  cursor: Cursor,
  owner: EndpointOwner,
  origins: Origins,
): EndpointConfig | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const address = requiredOr({ cursor, fields }, 'address', decodeHost, '');
  const aliases = listOf(fields.get('aliases'), decodeHost);
  const lane = fieldOr(fields, 'lane', decodeEndpointLane, undefined);
  const zone = fieldOr(fields, 'zone', textOf, undefined);
  const pod = fieldOr(fields, 'pod', textOf, undefined);
  const endpoint: EndpointConfig = {
    address,
    ...(aliases.length === 0 ? {} : { aliases }),
    ports: decodeEndpointPorts(fields, owner),
    ...(lane === undefined ? {} : { lane }),
    weight: fieldOr(fields, 'weight', (at) => integerOf(at, 0, MAX_WEIGHT), DEFAULT_WEIGHT),
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    ...decodeHealth(fields),
    source: fieldOr(fields, 'source', textOf, 'file'),
  };
  origins.set(endpoint, cursor);
  return endpoint;
}

function decodeHost(cursor: Cursor): string | undefined {
  const text = textOf(cursor, HOST);
  return text === undefined ? undefined : canonicalHost(text);
}

/** A reason to drop it makes an endpoint unhealthy by itself. */
function decodeHealth(fields: Fields): Pick<EndpointConfig, 'healthy' | 'dropReason'> {
  const dropReason = fieldOr(fields, 'dropReason', (at) => choiceOf(at, DROP_REASONS), undefined);
  const healthy = fieldOr(fields, 'healthy', booleanOf, dropReason === undefined);
  if (dropReason === undefined) return { healthy };
  const at = fields.get('healthy');
  if (healthy && at !== undefined) complain(at, `a healthy endpoint is not dropped for being ${dropReason}`);
  return { healthy, dropReason };
}

function decodeEndpointLane(cursor: Cursor): string | undefined {
  const lane = textOf(cursor, LANE_NAME);
  if (lane !== BASELINE) return lane;
  complain(cursor, `${BASELINE} is the baseline itself; leave lane out for a baseline endpoint`);
  return undefined;
}

/** `port` for a service with one port, `ports` (service port: endpoint port) for any; what is left out is the service's own. */
function decodeEndpointPorts(fields: Fields, owner: EndpointOwner): Readonly<Record<string, number>> {
  const ports = new Map(owner.ports.map(({ port }) => [String(port), port]));
  const single = fields.get('port');
  const several = fields.get('ports');
  if (single !== undefined && several !== undefined) complain(single, 'give either port or ports');
  else if (single !== undefined) readSinglePort(single, ports);
  else if (several !== undefined) readPorts(several, ports, owner);
  return Object.fromEntries(ports);
}

function readSinglePort(cursor: Cursor, ports: Map<string, number>): void {
  const port = integerOf(cursor, 1, 65_535);
  if (ports.size > 1) {
    const example = [...ports.keys()].map((servicePort) => `${servicePort}: …`).join(', ');
    complain(cursor, `the service has ${ports.size} ports; say which is meant: ports: {${example}}`);
  }
  const [servicePort] = ports.keys();
  if (port !== undefined && servicePort !== undefined) ports.set(servicePort, port);
}

function readPorts(cursor: Cursor, ports: Map<string, number>, { fillsPorts }: EndpointOwner): void {
  const known = [...ports.keys()];
  const unnamed = new Set(known);
  for (const [servicePort, at] of entriesOf(cursor, 'a mapping of service port to endpoint port') ?? []) {
    const port = integerOf(at, 1, 65_535);
    if (!ports.has(servicePort))
      complain(at, `the service has no port ${servicePort}; it has ${known.join(', ')}`);
    else if (port !== undefined) ports.set(servicePort, port);
    unnamed.delete(servicePort);
  }
  if (!fillsPorts) for (const servicePort of unnamed) ports.delete(servicePort);
}
