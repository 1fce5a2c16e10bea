import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { DEFAULT_MESH_SETTINGS } from '@lanekeeper/mesh-file/decode-settings';

/** What holds where no source says anything of the mesh beside its services. */
export const DEFAULT_MESH_PART: MeshPart = {
  settings: DEFAULT_MESH_SETTINGS,
  groups: [],
  lanes: [],
  colouring: [],
  gateway: { trustIncomingTag: false, routes: [] },
};

/**
 * Every sidecar has to know every lane that some endpoint carries: one that it knows no endpoint of is a lane all the same, and
 * a request of it falls back instead of being treated as baseline.
 */
export function withImplicitLanes(part: MeshPart, carried: Iterable<string>): MeshPart {
  const declared = new Set(part.lanes.map(({ name }) => name));
  const implicit = [...carried].filter((name) => !declared.has(name)).sort();
  return { ...part, lanes: [...part.lanes, ...implicit.map(implicitLane)] };
}

function implicitLane(name: string): LaneConfig {
  const noRules = { serviceFallback: {}, match: [], entries: [], priority: 0 };
  return { name, group: '', fallback: [BASELINE], ...noRules };
}

/** Groups and routes that name a service which no source knows: a slip of the pen, or one that is yet to come. */
export function unknownServices(
  { groups, gateway }: MeshPart,
  known: { has(id: string): boolean },
): readonly string[] {
  const ofGroups = groups.flatMap(({ name, services }) =>
    services.map((service) => ({ id: serviceId(service), what: `group ${name}` })),
  );
  const ofRoutes = gateway.routes.map(({ service, hosts, pathPrefix }) => ({
    id: serviceId(service),
    what: `route for ${hosts.join(', ')} ${pathPrefix}`,
  }));
  return [...ofGroups, ...ofRoutes]
    .filter(({ id }) => !known.has(id))
    .map(({ id, what }) => `${what}: no source knows the service ${id}`);
}

/** In how many services each lane has endpoints. */
export class LaneCensus {
  readonly #services = new Map<string, number>();

  names(): Iterable<string> {
    return this.#services.keys();
  }

  /** Replaces `before` by `after`; whether some lane came or went by it. */
  replace(before: ServiceConfig | undefined, after: ServiceConfig | undefined): boolean {
    const came = [...lanesOf(after)].filter((lane) => this.#add(lane, 1) === 1);
    const went = [...lanesOf(before)].filter((lane) => this.#add(lane, -1) === 0);
    for (const lane of went) this.#services.delete(lane);
    return came.length > 0 || went.length > 0;
  }

  #add(lane: string, by: 1 | -1): number {
    const count = (this.#services.get(lane) ?? 0) + by;
    this.#services.set(lane, count);
    return count;
  }
}

function lanesOf(service: ServiceConfig | undefined): ReadonlySet<string> {
  const lanes = new Set<string>();
  for (const { lane } of service?.endpoints ?? []) if (lane !== undefined) lanes.add(lane);
  return lanes;
}
