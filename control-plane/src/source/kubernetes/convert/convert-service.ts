import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { standingOf } from '@lanekeeper/protocol/workload-names';
import { DEFAULT_DOMAIN } from '../../../catalog/canonical-key.ts';
import type { SourceService } from '../../../catalog/source-service.ts';
import type { KubeService } from '../objects.ts';
import { canonicalAddress } from './addresses.ts';
import { membersByApp } from './app-members.ts';
import type { ClusterView } from './cluster-view.ts';
import { endpointsOf } from './endpoints-of-members.ts';
import { visibilityOf } from './export-to.ts';
import type { Member } from './member.ts';
import { protocolOf } from './port-protocol.ts';
import type { ConversionProblem } from './problem.ts';
import { selectedMembers } from './selected-members.ts';

export interface ConvertedService {
  readonly service: SourceService;
  /** The lane that all pods are of that it selects, or that its selector names where there are none; undefined: no single one. */
  readonly lane: string | undefined;
  readonly problems: readonly ConversionProblem[];
}

/** What a Kubernetes Service is in the mesh; undefined: nothing, for it only names a host outside (ExternalName) or has no port of TCP. */
export function convertService(service: KubeService, view: ClusterView): ConvertedService | undefined {
  if (service.type === 'ExternalName') return undefined;
  const { name, namespace } = service.meta;
  const ports = service.ports.filter(({ protocol }) => protocol === 'TCP');
  if (ports.length === 0) return undefined;
  const selected = selectedMembers({ name, namespace, ports }, view);
  const members = [...selected, ...membersByApp({ service, ports, selected }, view)];
  const { exportTo, problem } = visibilityOf(service.meta, view);
  const config: ServiceConfig = {
    name,
    namespace,
    hosts: hostsIn(view.clusterDomain, service.meta),
    addresses: service.clusterIPs.map(canonicalAddress),
    ports: ports.map((port) => ({ port: port.port, protocol: protocolOf(port) })),
    endpoints: endpointsOf(members, { publishNotReady: service.publishNotReadyAddresses }, view),
    ...(service.sessionAffinity === 'ClientIP' ? { affinity: 'client-ip' } : {}),
  };
  return {
    service: { config, exportTo },
    lane: laneOf(service, selected),
    problems: [...(problem === undefined ? [] : [problem]), ...misnamed(members)],
  };
}

/** The names of the default domain follow from name and namespace, wherever a mesh is read. */
function hostsIn(clusterDomain: string, { name, namespace }: KubeService['meta']): readonly string[] {
  return clusterDomain === DEFAULT_DOMAIN ? [] : [`${name}.${namespace}.svc.${clusterDomain}`];
}

function laneOf({ selector = {} }: KubeService, selected: readonly Member[]): string | undefined {
  const standings = selected.length === 0 ? [standingOf(selector)] : selected.map(({ standing }) => standing);
  const lanes = new Set(standings.map((standing) => (standing.kind === 'lane' ? standing.lane : undefined)));
  return lanes.size === 1 ? [...lanes][0] : undefined;
}

function misnamed(members: readonly Member[]): readonly ConversionProblem[] {
  return members.flatMap(({ id, standing }) => {
    if (standing.kind !== 'misnamed') return [];
    const { name, value } = standing.by;
    const message = `${name}=${JSON.stringify(value)} is no lane name (lower-case letters, digits and "-", at most 63 characters); the pod gets no traffic of any lane nor of the baseline`;
    return [{ code: 'misnamed-lane', object: `Pod ${id}`, message }];
  });
}
