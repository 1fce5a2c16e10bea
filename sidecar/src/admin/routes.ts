import type { Direction } from '@lanekeeper/protocol/hop';
import type { RootLog } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { SidecarConfig } from '../config.ts';
import type { Audit } from '../exchange/audit.ts';
import type { HopRing } from '../exchange/hop-ring.ts';
import type { ExplainRequest } from '../route/explain.ts';
import type { Snapshot } from '../route/snapshot.ts';
import type { Endpoint } from './endpoint.ts';
import { getAudit } from './get-audit.ts';
import { getClusters } from './get-clusters.ts';
import { getConfig } from './get-config.ts';
import { getExplain } from './get-explain.ts';
import { getHelp } from './get-help.ts';
import { getHops } from './get-hops.ts';
import { getLanes } from './get-lanes.ts';
import { getMetrics } from './get-metrics.ts';
import { getPage } from './get-page.ts';
import { postDrain } from './post-drain.ts';
import { putLogLevel } from './put-log-level.ts';
import { streamHops } from './stream-hops.ts';

/** What the admin server shows and may touch. */
export interface AdminDeps {
  readonly hops: Pick<HopRing, 'read' | 'lastId' | 'since' | 'subscribe' | 'toHop' | 'idOf'>;
  readonly audit: Pick<Audit, 'rows'>;
  readonly metrics: Pick<Metrics, 'expose'>;
  readonly config: SidecarConfig;
  readonly mesh: () => MeshState;
  readonly snapshot: () => Snapshot;
  readonly endpointState: (key: string) => EndpointState;
  /** A dry run by the newest snapshot. */
  readonly explain: (request: ExplainRequest) => unknown;
  /** The directions that this role has; the first is the one that `explain` takes by itself. */
  readonly directions: readonly [Direction, ...Direction[]];
  readonly log: Pick<RootLog, 'level' | 'setLevel' | 'info'>;
  /** Begins to drain; further calls change nothing. */
  readonly drain: () => void;
}

/** The mesh configuration in use, and the last one that was refused since. */
export interface MeshState {
  readonly generation: string;
  /** RFC 3339; null before the first. */
  readonly appliedAt: string | null;
  readonly rejected: {
    readonly at: string;
    readonly problems: readonly { readonly path: string; readonly message: string }[];
  } | null;
}

/** What this sidecar itself knows of an endpoint. */
export interface EndpointState {
  readonly inFlight: number;
  readonly ejected: boolean;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  /** For people: in /help and in a 404. */
  readonly does: string;
  readonly answer: Endpoint;
}

/** Everything that the admin port answers. GET never changes anything. */
export function adminRoutes(deps: AdminDeps): readonly Route[] {
  const help: Endpoint = (request) => getHelp(routes)(request);
  const routes: readonly Route[] = [
    get('/', 'the page for people; for others the same as /help', getPage(help)),
    get('/help', 'this list', help),
    get('/hops', 'the last requests: ?lane= &service= &trace= &status=503|5xx|failed &limit=', getHops(deps)),
    get('/hops/stream', 'the same as they end, server-sent events; ?after=<hop id>', streamHops(deps.hops)),
    get('/explain', `a dry run: ${EXPLAIN_QUERY}`, getExplain(deps)),
    get('/config', 'settings in effect, secrets hidden; the last configuration refused', getConfig(deps)),
    get('/clusters', 'services, endpoints, health, lanes: ?service=', getClusters(deps)),
    get('/lanes', 'lanes, their fallback, rules and services', getLanes(deps)),
    get('/audit', 'per peer: came with a tag, left with one, by which evidence', getAudit(deps)),
    get('/metrics', 'metrics in the Prometheus text format', getMetrics(deps)),
    { method: 'PUT', path: '/log-level', does: '?level=debug|info|warn|error', answer: putLogLevel(deps) },
    { method: 'POST', path: '/drain', does: 'finish what is in flight, then exit', answer: postDrain(deps) },
  ];
  return routes;
}

const EXPLAIN_QUERY =
  '?authority= &path= &method= &header=name:value (repeated) &direction= &destination=ip:port';

function get(path: string, does: string, answer: Endpoint): Route {
  return { method: 'GET', path, does, answer };
}
