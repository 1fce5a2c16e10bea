import type { AdminDeps } from './admin-deps.ts';
import type { Endpoint, Route } from './endpoint.ts';
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
  '?authority= &path= &method= &header=name:value (repeated) &direction= &destination=ip:port; at a gateway &port= &tls=true &client=ip';

function get(path: string, does: string, answer: Endpoint): Route {
  return { method: 'GET', path, does, answer };
}
