import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { PublishedLanes } from './published-lanes.ts';
import type { StagedLane } from './stage.ts';

/** A sidecar that is connected to this replica. */
export interface ConnectedSidecar {
  /** `namespace/name` */
  readonly pod: string;
  readonly isGateway: boolean;
  /** Ids of the services that its pod is an endpoint of. */
  readonly services: readonly string[];
  /** Versions of the mesh part that may be in force there, with a space between: the acknowledged one, and the one on its way. */
  readonly meshes: string;
}

/** How far the sidecars of one lane's group are. */
export interface LaneCount {
  readonly of: number;
  /** Have the lane's routing. */
  readonly routed: number;
  /** Have its rules as well, as they are wanted. */
  readonly whole: number;
  /** The first of those that have not its routing, or where all have that, not its rules. */
  readonly missing: readonly string[];
}

/** For people. */
const NAMED = 3;

/** Pods by the versions that may be in force there. */
type Versions = Map<string, string[]>;

/** Sidecars by their groups and versions, so that a thousand of them are looked at once and not once for each lane. */
export class GroupAcks {
  readonly #groups = new Map<string, Versions>();
  readonly #gateways: Versions = new Map();

  constructor(sidecars: Iterable<ConnectedSidecar>, { groups }: Pick<MeshPart, 'groups'>) {
    const groupOf = new Map(
      groups.flatMap(({ name, services }) => services.map((service) => [serviceId(service), name])),
    );
    for (const { pod, isGateway, services, meshes } of sidecars) {
      if (isGateway) push(this.#gateways, meshes, pod);
      else
        for (const group of new Set(services.map((id) => groupOf.get(id) ?? '')))
          push(this.#of(group), meshes, pod);
    }
  }

  count(lane: StagedLane, published: PublishedLanes): LaneCount {
    const all = [...this.#of(lane.lane.group), ...this.#gateways];
    const unrouted = all.filter(([version]) => !published.hasRouting(version, lane));
    const partial = all.filter(([version]) => !published.hasAll(version, lane));
    const of = sizeOf(all);
    const missing = (unrouted.length > 0 ? unrouted : partial).flatMap(([, pods]) => pods.slice(0, NAMED));
    return {
      ...{ of, routed: of - sizeOf(unrouted), whole: of - sizeOf(partial) },
      missing: missing.sort().slice(0, NAMED),
    };
  }

  #of(group: string): Versions {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const versions: Versions = new Map();
    this.#groups.set(group, versions);
    return versions;
  }
}

function push(versions: Versions, version: string, pod: string): void {
  const pods = versions.get(version);
  if (pods === undefined) versions.set(version, [pod]);
  else pods.push(pod);
}

function sizeOf(versions: readonly (readonly [string, readonly string[]])[]): number {
  return versions.reduce((sum, [, pods]) => sum + pods.length, 0);
}
