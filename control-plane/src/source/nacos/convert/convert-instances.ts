import { DEFAULT_CLUSTER, type InstanceList, type NacosInstance } from '@lanekeeper/nacos/instance';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { shown, type Finding } from './finding.ts';
import { instanceAddress, isPort } from './instance-address.ts';
import { firstValue, standingOf, type LaneStanding } from './instance-lane.ts';
import { isHuge } from './metadata-size.ts';
import { meshWeights, type MeshWeight } from './mesh-weights.ts';
import { SERVICE_PORT } from './service-port.ts';
import { bestOf, type Candidate } from './same-place.ts';
import type { ValuePool } from './value-pool.ts';

/** What of a registry's settings concerns an instance. */
export interface InstanceRules {
  /** Only instances of these; empty: of all. */
  readonly clusters: readonly string[];
  readonly laneKeys: readonly string[];
  readonly zoneKeys: readonly string[];
}

export interface ConvertedInstances {
  /** One for each address and port. */
  readonly endpoints: readonly EndpointConfig[];
  readonly findings: readonly Finding[];
}

const MAX_ZONE = 253;

/** What the instances of one service are in the mesh. Those that nobody may be sent to are there all the same, with the reason. */
export function convertInstances(
  list: InstanceList,
  rules: InstanceRules,
  pool: ValuePool,
): ConvertedInstances {
  const instances = list.instances.filter(
    ({ cluster }) => rules.clusters.length === 0 || rules.clusters.includes(cluster),
  );
  const findings: Finding[] = [];
  if (list.isProtected) findings.push(PROTECTED);
  const work: Work = {
    ...{ rules, pool, findings },
    isProtected: list.isProtected,
    weightOf: meshWeights(instances.map(({ weight }) => weight)),
  };
  const places = new Map<string, Candidate>();
  for (const instance of instances) {
    const candidate = candidateOf(instance, work);
    if (candidate === undefined) continue;
    const known = places.get(candidate.at);
    places.set(candidate.at, known === undefined ? candidate : choose(known, candidate, findings));
  }
  return { endpoints: [...places.values()].map(({ endpoint }) => endpoint), findings };
}

const PROTECTED: Finding = {
  code: 'protected',
  message:
    'fewer instances are healthy than its protection threshold asks for, so Nacos counts all of them as healthy',
};

interface Work {
  readonly rules: InstanceRules;
  readonly pool: ValuePool;
  readonly findings: Finding[];
  readonly isProtected: boolean;
  readonly weightOf: MeshWeight;
}

/** Undefined: nobody can connect to it. */
function candidateOf(instance: NacosInstance, work: Work): Candidate | undefined {
  const { findings } = work;
  const address = instanceAddress(instance.ip);
  if (address === undefined) {
    findings.push({ code: 'bad-address', message: `${shown(instance.ip)} is no address to connect to` });
    return undefined;
  }
  if (!isPort(instance.port)) {
    const message = `${address} has the port ${instance.port}; expected 1 to 65535`;
    findings.push({ code: 'bad-port', message });
    return undefined;
  }
  const at = formatAddress({ address, port: instance.port });
  if (isHuge(instance.metadata)) findings.push({ code: 'huge-metadata', message: `${at}: ${HUGE}` });
  const standing = standingOf(instance.metadata, work.rules.laneKeys);
  return { at, standing, instance, endpoint: endpointOf({ instance, address, at, standing }, work) };
}

const HUGE =
  'its metadata is larger than 16 KiB; only what names lane and zone is read, but every client of Nacos gets all of it';

interface Place {
  readonly instance: NacosInstance;
  readonly address: string;
  readonly at: string;
  readonly standing: LaneStanding;
}

function endpointOf({ instance, address, at, standing }: Place, work: Work): EndpointConfig {
  const { pool, findings } = work;
  const weight = work.weightOf(instance.weight);
  const zone = zoneOf(instance, work.rules);
  if (standing.kind === 'misnamed') {
    const message = `${at}: ${standing.key} is ${shown(standing.value)}, which is no lane name; it gets no requests`;
    findings.push({ code: 'invalid-lane', message });
  }
  if (weight === undefined) {
    const message = `${at}: its weight ${instance.weight} is no number of 0 or more; it gets no requests`;
    findings.push({ code: 'invalid-weight', message });
  }
  const dropReason = dropReasonOf(standing, weight, instance.enabled);
  return {
    address,
    ports: pool.ports(SERVICE_PORT, instance.port),
    ...(standing.kind === 'lane' ? { lane: pool.text(standing.lane) } : {}),
    weight: weight ?? 0,
    ...(zone === undefined ? {} : { zone: pool.text(zone) }),
    // Under protection the server calls all of them healthy; one that still does not is taken for it.
    healthy: dropReason === undefined && (instance.healthy || work.isProtected),
    ...(dropReason === undefined ? {} : { dropReason }),
    source: 'nacos',
  };
}

/** What somebody has to mend comes before what somebody has meant. */
function dropReasonOf(
  standing: LaneStanding,
  weight: number | undefined,
  isEnabled: boolean,
): DropReason | undefined {
  if (standing.kind === 'misnamed') return 'invalid-lane';
  if (weight === undefined) return 'invalid-weight';
  return isEnabled ? undefined : 'disabled';
}

/** What its metadata says; else its cluster, which is what Nacos' own load balancers stay within. */
function zoneOf({ metadata, cluster }: NacosInstance, { zoneKeys }: InstanceRules): string | undefined {
  const zone = firstValue(metadata, zoneKeys);
  if (zone !== undefined && zone.length <= MAX_ZONE) return zone;
  return cluster === DEFAULT_CLUSTER || cluster === '' ? undefined : cluster;
}

function choose(known: Candidate, other: Candidate, findings: Finding[]): Candidate {
  const { best, why } = bestOf(known, other);
  findings.push({
    code: 'duplicate',
    message: `${known.at} is registered twice, ${kindOf(known)} and ${kindOf(other)}; ${kindOf(best)} counts: ${why}`,
  });
  return best;
}

function kindOf({ instance }: Candidate): string {
  return `${instance.ephemeral ? 'ephemeral' : 'persistent'} in cluster ${shown(instance.cluster)}`;
}
