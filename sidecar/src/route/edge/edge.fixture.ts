import type { EdgeBackend, EdgeConfig, EdgeListener, EdgePolicy, EdgeRule } from '@lanekeeper/protocol/edge';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { Connection } from '../../listen/connection.ts';
import type { RequestHead } from '../../wire/head.ts';
import { decideGateway } from '../decide-gateway.ts';
import type { Decision } from '../decision.ts';
import { connection, contextOf, DEMO, request, type ContextOptions } from '../mesh.fixture.ts';

/** Edges, and requests to them, for the tests of this folder: complete by default, each test says only what matters. */

export const OPEN: EdgePolicy = {
  trustIncomingTag: false,
  trustedProxies: [],
  proxyProtocol: false,
  allow: [],
  deny: [],
};

export function backend(name: string, more: Partial<EdgeBackend> = {}): EdgeBackend {
  return { service: { name, namespace: 'default' }, port: 80, weight: 1, ...more };
}

export function rule(name: string, more: Partial<EdgeRule> = {}): EdgeRule {
  return { name, match: {}, action: { kind: 'forward', backends: [backend('a')] }, ...more };
}

/** `rules` stand under the listener's own host. */
export function listener(rules: readonly EdgeRule[], more: Partial<EdgeListener> = {}): EdgeListener {
  const host = more.host ?? '*';
  return {
    ...{ name: `listener ${host}`, port: 8080, publicPort: 80, protocol: 'http', certificates: [] },
    policy: OPEN,
    hosts: [{ host, rules }],
    ...more,
    host,
  };
}

export function edge(...listeners: readonly EdgeListener[]): EdgeConfig {
  return { listeners, certificates: {} };
}

export function arriving(
  port = 8080,
  more: { readonly serverName?: string; readonly peer?: string } = {},
): Connection {
  const { serverName, peer = '203.0.113.9' } = more;
  return {
    ...connection('gateway'),
    peer: { address: peer, port: 40_000 },
    edge: { port, isTls: serverName !== undefined, serverName },
  };
}

export interface Sent {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocol?: RequestHead['protocol'];
  readonly on?: Connection;
}

export function headOf({
  host = 'www.example.com',
  path = '/',
  method,
  headers,
  protocol,
}: Sent): RequestHead {
  const head = request(host, headers, path);
  return { ...head, method: method ?? head.method, protocol: protocol ?? head.protocol };
}

/** What a gateway of the demo mesh with these listeners decides of a request. */
export function ask(
  config: EdgeConfig,
  sent: Sent = {},
  options: ContextOptions & { readonly mesh?: MeshConfig } = {},
): Decision {
  const { mesh = DEMO, ...rest } = options;
  return decideGateway(headOf(sent), sent.on ?? arriving(), contextOf({ ...mesh, edge: config }, rest));
}

/** The name of the rule that took it, else the code of the refusal. */
export function outcome(decision: Decision): string {
  return decision.refusal?.code ?? decision.edge?.rule.name ?? 'nothing';
}
