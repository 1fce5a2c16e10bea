import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EndpointConfig, ServicePortConfig } from '@lanekeeper/protocol/model';
import { canonicalHost } from '@lanekeeper/runtime/socket-address';
import { complain, entriesOf, fieldOr, fieldsOf, requiredOr, type Cursor, type Fields } from './decoder.ts';
import { booleanOf, integerOf, textOf } from './scalar-decoders.ts';
import type { Origins } from './origins.ts';
import { HOST, LANE_NAME } from './text-rules.ts';

const KEYS = ['address', 'port', 'ports', 'lane', 'weight', 'zone', 'pod', 'healthy'];
const MAX_WEIGHT = 10_000;
const DEFAULT_WEIGHT = 100;

export function decodeEndpoint(
  cursor: Cursor,
  servicePorts: readonly ServicePortConfig[],
  origins: Origins,
): EndpointConfig | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const address = requiredOr({ cursor, fields }, 'address', (at) => textOf(at, HOST), '');
  const lane = fieldOr(fields, 'lane', decodeEndpointLane, undefined);
  const zone = fieldOr(fields, 'zone', textOf, undefined);
  const pod = fieldOr(fields, 'pod', textOf, undefined);
  const endpoint: EndpointConfig = {
    address: address === '' ? '' : canonicalHost(address),
    ports: decodeEndpointPorts(fields, servicePorts),
    ...(lane === undefined ? {} : { lane }),
    weight: fieldOr(fields, 'weight', (at) => integerOf(at, 0, MAX_WEIGHT), DEFAULT_WEIGHT),
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    healthy: fieldOr(fields, 'healthy', booleanOf, true),
    source: 'file',
  };
  origins.set(endpoint, cursor);
  return endpoint;
}

function decodeEndpointLane(cursor: Cursor): string | undefined {
  const lane = textOf(cursor, LANE_NAME);
  if (lane !== BASELINE) return lane;
  complain(cursor, `${BASELINE} is the baseline itself; leave lane out for a baseline endpoint`);
  return undefined;
}

/** `port` for a service with one port, `ports` (service port: endpoint port) for any; what is left out is the service's own. */
function decodeEndpointPorts(
  fields: Fields,
  servicePorts: readonly ServicePortConfig[],
): Readonly<Record<string, number>> {
  const ports = new Map(servicePorts.map(({ port }) => [String(port), port]));
  const single = fields.get('port');
  const several = fields.get('ports');
  if (single !== undefined && several !== undefined) complain(single, 'give either port or ports');
  else if (single !== undefined) readSinglePort(single, ports);
  else if (several !== undefined) readPorts(several, ports);
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

function readPorts(cursor: Cursor, ports: Map<string, number>): void {
  const known = [...ports.keys()];
  for (const [servicePort, at] of entriesOf(cursor, 'a mapping of service port to endpoint port') ?? []) {
    const port = integerOf(at, 1, 65_535);
    if (!ports.has(servicePort))
      complain(at, `the service has no port ${servicePort}; it has ${known.join(', ')}`);
    else if (port !== undefined) ports.set(servicePort, port);
  }
}
