import { DEFAULT_CLUSTER, type InstanceList, type NacosInstance } from '@lanekeeper/nacos/instance';
import { DEFAULT_LANE_KEYS, DEFAULT_ZONE_KEYS } from '../settings/decode-registry.ts';
import type { InstanceRules } from './convert-instances.ts';

export const RULES: InstanceRules = {
  clusters: [],
  laneKeys: DEFAULT_LANE_KEYS,
  zoneKeys: DEFAULT_ZONE_KEYS,
};

/** `10.0.0.1` or `10.0.0.1:8081`; a lane makes it one of that. */
export function instance(
  at: string,
  given: Partial<NacosInstance> & { readonly lane?: string } = {},
): NacosInstance {
  const [ip = '', port = '8080'] = at.split(':');
  const { lane, ...fields } = given;
  return {
    ...{ ip, port: Number(port), weight: 1, enabled: true, healthy: true, ephemeral: true },
    cluster: DEFAULT_CLUSTER,
    metadata: lane === undefined ? {} : { 'lanekeeper.io/lane': lane },
    ...fields,
  };
}

export function listOf(...instances: readonly NacosInstance[]): InstanceList {
  return { instances, isProtected: false };
}
