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
  /** For people: in /help, in the page and in docs/admin.md. */
  readonly does: string;
  readonly answer: Endpoint;
}

/** Everything that the admin port answers. GET never changes anything. */
export function adminRoutes(deps: AdminDeps): readonly Route[] {
  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/',
      does: 'the page for people; for others the same as /help',
      answer: getPage(() => getHelp(routes)),
    },
    {
      method: 'GET',
      path: '/help',
      does: 'this list',
      answer: (request) => getHelp(routes)(request),
    },
    {
      method: 'GET',
      path: '/hops',
      does: 'the last requests, newest first; ?lane= &service= &trace= &status=503|5xx|failed &limit=',
      answer: getHops(deps),
    },
    {
      method: 'GET',
      path: '/hops/stream',
      does: 'requests as they end, as server-sent events; the same filters, and ?after=<hop id>',
      answer: streamHops(deps.hops),
    },
    {
      method: 'GET',
      path: '/explain',
      does: 'a dry run: ?authority= &path= &method= &header=name:value (repeated) &direction= &destination=ip:port',
      answer: getExplain(deps),
    },
    { method: 'GET', path: '/config', does: 'settings in effect, secrets hidden', answer: getConfig(deps) },
    {
      method: 'GET',
      path: '/clusters',
      does: 'services, endpoints, health, lanes; ?service=',
      answer: getClusters(deps),
    },
    {
      method: 'GET',
      path: '/lanes',
      does: 'lanes, their fallback, rules and services',
      answer: getLanes(deps),
    },
    {
      method: 'GET',
      path: '/audit',
      does: 'per peer: came with a tag, left with one, by which evidence',
      answer: getAudit(deps),
    },
    {
      method: 'GET',
      path: '/metrics',
      does: 'metrics in the Prometheus text format',
      answer: getMetrics(deps),
    },
    {
      method: 'PUT',
      path: '/log-level',
      does: 'changes the log level: ?level=debug|info|warn|error',
      answer: putLogLevel(deps),
    },
    {
      method: 'POST',
      path: '/drain',
      does: 'finishes what is in flight, then exits',
      answer: postDrain(deps),
    },
  ];
  return routes;
}
