import type { ServiceConfig } from '@lanekeeper/protocol/model';
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
  readonly problems: readonly ConversionProblem[];
}

/** What a Kubernetes Service is in the mesh; undefined: nothing, for it only names a host outside (ExternalName). */
export function convertService(service: KubeService, view: ClusterView): ConvertedService | undefined {
  if (service.type === 'ExternalName') return undefined;
  const { name, namespace } = service.meta;
  const ports = service.ports.filter(({ protocol }) => protocol === 'TCP');
  const selected = selectedMembers({ name, namespace, ports }, view);
  const members = [...selected, ...membersByApp({ service, ports, selected }, view)];
  const { exportTo, problem } = visibilityOf(service.meta, view);
  const config: ServiceConfig = {
    name,
    namespace,
    hosts: [],
    addresses: service.clusterIPs.map(canonicalAddress),
    ports: ports.map((port) => ({ port: port.port, protocol: protocolOf(port) })),
    endpoints: endpointsOf(members, { publishNotReady: service.publishNotReadyAddresses }, view),
    ...(service.sessionAffinity === 'ClientIP' ? { affinity: 'client-ip' } : {}),
  };
  return {
    service: { config, exportTo },
    problems: [...(problem === undefined ? [] : [problem]), ...misnamed(members)],
  };
}

function misnamed(members: readonly Member[]): readonly ConversionProblem[] {
  return members.flatMap(({ id, standing }) => {
    if (standing.kind !== 'misnamed') return [];
    const { name, value } = standing.by;
    const message = `${name}=${JSON.stringify(value)} is no lane name (lower-case letters, digits and "-", at most 63 characters); the pod gets no traffic of any lane nor of the baseline`;
    return [{ code: 'misnamed-lane', object: `Pod ${id}`, message }];
  });
}
