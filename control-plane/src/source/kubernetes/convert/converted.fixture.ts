import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { ClusterConverter } from './cluster-converter.ts';
import { TestCluster, type ClusterObject } from './cluster.fixture.ts';

/** What a cluster of just these objects becomes. */
export function convert(...objects: readonly ClusterObject[]) {
  return convertIn(undefined, ...objects);
}

/** The same in a cluster with a domain of its own. */
export function convertIn(clusterDomain: string | undefined, ...objects: readonly ClusterObject[]) {
  const cluster = new TestCluster().put(...objects);
  const converter = new ClusterConverter(cluster.tables, clusterDomain);
  const { put } = converter.apply(cluster.changes());
  const byName = new Map(put.map((one) => [one.config.name, one]));
  return { byName, problems: converter.problems(), converter };
}

export function endpointsOf(name: string, ...objects: readonly ClusterObject[]): readonly EndpointConfig[] {
  const found = convert(...objects).byName.get(name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found.config.endpoints;
}

/** `address lane state`, sorted. */
export function summary(endpoints: readonly EndpointConfig[]): readonly string[] {
  return endpoints
    .map(({ address, lane = 'base', healthy, dropReason = 'unhealthy' }) =>
      [address, lane, healthy ? 'ok' : dropReason].join(' '),
    )
    .sort();
}

export const GRAY = { app: 'b-new', msePilotCreateAppName: 'b', 'alicloud.service.tag': 'gray' };
export const BASE = { app: 'b', msePilotCreateAppName: 'b' };
