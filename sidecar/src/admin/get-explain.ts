import type { Direction } from '@lanekeeper/protocol/hop';
import { HEADERS, TRACE_HEADERS } from '@lanekeeper/protocol/headers';
import { isNetwork } from '@lanekeeper/runtime/networks';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { ExplainRequest } from '../route/explain.ts';
import { checkQuery, json, parameter, problem, type AdminReply, type Endpoint } from './endpoint.ts';

const PARAMETERS = [
  ...(['authority', 'path', 'method', 'direction', 'destination'] as const),
  // For a gateway: where it comes in, and from whom.
  ...(['port', 'tls', 'client'] as const),
];

export interface ExplainDeps {
  readonly explain: (request: ExplainRequest) => unknown;
  readonly directions: readonly [Direction, ...Direction[]];
}

/** `GET /explain`: what would happen to a request, and what it would get in every other lane. Nothing is sent. */
export function getExplain(deps: ExplainDeps): Endpoint {
  return ({ query }) => {
    const mistake = checkQuery(query, PARAMETERS, 'header');
    if (mistake !== undefined) return mistake;
    const request = readRequest(query, deps.directions);
    if ('kind' in request) return request;
    return json({ request: echo(request), decision: deps.explain(request) });
  };
}

function readRequest(
  query: URLSearchParams,
  directions: readonly [Direction, ...Direction[]],
): ExplainRequest | AdminReply {
  const wanted = parameter(query, 'direction') ?? directions[0];
  const direction = directions.find((one) => one === wanted);
  if (direction === undefined) return bad(`direction is one of: ${directions.join(', ')}`);
  const path = parameter(query, 'path') ?? '/';
  if (!path.startsWith('/')) return bad('path begins with /');
  const headers = query
    .getAll('header')
    .filter((text) => text !== '')
    .map(readField);
  if (headers.includes(undefined)) return bad('header is name:value, percent-encoded; repeat it for several');
  const destination = readAddress(parameter(query, 'destination'));
  if (destination === 'malformed') return bad('destination is ip:port');
  const authority = parameter(query, 'authority') ?? '';
  if (authority === '' && destination === undefined)
    return bad('authority (a host name) or destination is needed');
  const edge = readEdge(query);
  if ('kind' in edge) return edge;
  return {
    ...edge,
    direction,
    method: parameter(query, 'method') ?? 'GET',
    authority,
    path,
    headers: headers.filter((field) => field !== undefined),
    destination,
  };
}

function readEdge(query: URLSearchParams): Pick<ExplainRequest, 'port' | 'tls' | 'client'> | AdminReply {
  const port = parameter(query, 'port');
  const tls = parameter(query, 'tls');
  const client = parameter(query, 'client');
  if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) return bad("port is a listener's, in digits");
  if (tls !== undefined && tls !== 'true' && tls !== 'false') return bad('tls is true or false');
  if (client !== undefined && !isNetwork(client)) return bad('client is an IP address');
  return {
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(tls === undefined ? {} : { tls: tls === 'true' }),
    ...(client === undefined ? {} : { client }),
  };
}

function bad(message: string): AdminReply {
  return problem(400, 'bad-explain', message);
}

function readField(text: string): readonly [string, string] | undefined {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) ? [name, text.slice(colon + 1).trim()] : undefined;
}

function readAddress(text: string | undefined): SocketAddress | undefined | 'malformed' {
  if (text === undefined) return undefined;
  const [, v6, v4, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const address = v6 ?? v4;
  return address === undefined || Number(port) > 65_535 ? 'malformed' : { address, port: Number(port) };
}

/** Headers whose values are shown; any other may hold a secret that would end in somebody's screenshot. */
const SHOWN: ReadonlySet<string> = new Set([HEADERS.baggage, ...TRACE_HEADERS]);

/** The request as it was understood. */
function echo({ headers, destination, ...rest }: ExplainRequest): object {
  const shown = headers.map(([name, value]) => [name, SHOWN.has(name) ? value : '(hidden)']);
  return { ...rest, headers: shown, destination: destination ?? null };
}
