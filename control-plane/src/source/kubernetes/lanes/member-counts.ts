import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { Catalog, CatalogService } from '../../../catalog/catalog.ts';
import type { KubePod } from '../objects.ts';

/** What there is of one member of a group. */
export interface MemberCounts {
  /** `namespace/name`. */
  readonly service: string;
  /** No source knows it. */
  readonly isUnknown: boolean;
  /** Endpoints, whatever their state. */
  readonly pods: number;
  /** Those of them whose pod has a sidecar. */
  readonly injected: number;
  /** Endpoints that could take a request, by lane; the baseline is `base`. */
  readonly lanes: ReadonlyMap<string, number>;
}

export type CountMembers = (services: readonly ServiceRef[]) => readonly MemberCounts[];

/** Counts a service again only when it is another one. */
export function createMemberCounts(
  catalog: Pick<Catalog, 'service'>,
  pods: ReadonlyMap<string, KubePod>,
): CountMembers {
  const counted = new WeakMap<CatalogService, MemberCounts>();
  return (services) =>
    services.map((ref) => {
      const service = catalog.service(serviceId(ref));
      if (service === undefined) return unknown(serviceId(ref));
      const known = counted.get(service) ?? count(service, pods);
      counted.set(service, known);
      return known;
    });
}

function unknown(service: string): MemberCounts {
  return { service, isUnknown: true, pods: 0, injected: 0, lanes: new Map() };
}

function count({ id, namespace, value }: CatalogService, pods: ReadonlyMap<string, KubePod>): MemberCounts {
  const lanes = new Map<string, number>();
  let injected = 0;
  for (const { lane = BASELINE, pod, healthy } of value.endpoints) {
    if (healthy) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
    if (pod !== undefined && pods.get(`${namespace}/${pod}`)?.isInjected === true) injected += 1;
  }
  return { service: id, isUnknown: false, pods: value.endpoints.length, injected, lanes };
}
