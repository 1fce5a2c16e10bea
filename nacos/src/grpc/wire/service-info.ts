import { DEFAULT_GROUP, type InstanceList, type NacosInstance, type ServiceKey } from '../../instance.ts';
import { readInstanceList } from '../../read-instance-list.ts';
import { malformed, object, textOr } from './json-body.ts';

/** What a server says of a service, and when it said so. */
export interface ServiceInfo {
  readonly service: ServiceKey;
  /** In one order, whatever the server's. */
  readonly list: InstanceList;
  /** The server's clock when it put this together, milliseconds; 0: it does not say. */
  readonly madeAtMs: number;
}

/** `com.alibaba.nacos.api.naming.pojo.ServiceInfo`. Throws a NacosError where it is none. */
export function readServiceInfo(value: unknown): ServiceInfo {
  const fields = object(value, 'serviceInfo');
  const list = readInstanceList(fields);
  if (list === undefined) throw malformed('serviceInfo has no list of hosts');
  const group = textOr(fields['groupName'], DEFAULT_GROUP);
  const { lastRefTime } = fields;
  return {
    service: { group, name: plainName(textOr(fields['name'], ''), group) },
    list: { instances: list.instances.toSorted(byAddress), isProtected: list.isProtected },
    madeAtMs: typeof lastRefTime === 'number' ? lastRefTime : 0,
  };
}

/** Some servers name a service with its group. */
export function plainName(name: string, group: string): string {
  return name.startsWith(`${group}@@`) ? name.slice(group.length + 2) : name;
}

function byAddress(one: NacosInstance, other: NacosInstance): number {
  return compare(one.ip, other.ip) || compare(one.port, other.port) || compare(one.cluster, other.cluster);
}

function compare(one: string | number, other: string | number): number {
  return one < other ? -1 : Number(one > other);
}
