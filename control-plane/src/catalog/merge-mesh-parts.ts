import type { GatewayRoute, LaneConfig, LaneGroupConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { Holders } from './holders.ts';
import { mergeGatewayTrust, mergeSettings } from './merge-settings.ts';
import { bySource } from './precedence.ts';
import type { MergedPart, OwnedPart, SourcePart } from './source-part.ts';

/**
 * One mesh part of several, whatever order they come in: of what two say, the word of the first source counts (of one source, that
 * of the first document by name). What comes out is a part that sidecars accept if each that went in is one.
 */
export function mergeMeshParts(parts: readonly SourcePart[]): MergedPart {
  const sorted = [...parts].sort(
    (a, b) => bySource(a, b) || (a.document < b.document ? -1 : Number(a.document > b.document)),
  );
  const named = sorted.map(({ part, ...owner }) => ({ part, owner: nameOf(owner) }));
  const findings: string[] = [];
  const groups = mergeGroups(named, findings);
  return {
    part: {
      settings: mergeSettings(named, findings),
      groups,
      lanes: fitLanes(mergeLanes(named, findings), groups, findings),
      colouring: named.flatMap(({ part }) => part.colouring),
      gateway: { trustIncomingTag: mergeGatewayTrust(named), routes: mergeRoutes(named, findings) },
    },
    findings,
  };
}

function nameOf({ source, document }: Omit<SourcePart, 'part'>): string {
  return document === '' ? source : `${source} (${document})`;
}

/** Groups by name; a service is a member of one group only. */
function mergeGroups(parts: readonly OwnedPart[], findings: string[]): readonly LaneGroupConfig[] {
  const groups = new Holders<LaneGroupConfig>(findings);
  const members = new Holders<string>(findings);
  for (const { part, owner } of parts) {
    for (const group of part.groups) {
      if (!groups.take(group.name, { value: group, owner, what: `group ${group.name}` })) continue;
      const services = group.services.filter((service) => {
        const id = serviceId(service);
        const what = `service ${id} as a member of a group`;
        return members.take(id, { value: group.name, owner: `${owner}, group ${group.name},`, what });
      });
      groups.replace(group.name, { ...group, services });
    }
  }
  return groups.values();
}

function mergeLanes(parts: readonly OwnedPart[], findings: string[]): readonly LaneConfig[] {
  const lanes = new Holders<LaneConfig>(findings);
  for (const { part, owner } of parts) {
    for (const lane of part.lanes) {
      const where = lane.group === '' ? 'no group' : `group ${lane.group}`;
      lanes.take(`${lane.group}/${lane.name}`, { value: lane, owner, what: `lane ${lane.name} of ${where}` });
    }
  }
  return lanes.values();
}

/** A lane may speak of members that its group, as another source has it, does not have: sidecars would refuse that. */
function fitLanes(
  lanes: readonly LaneConfig[],
  groups: readonly LaneGroupConfig[],
  findings: string[],
): readonly LaneConfig[] {
  const members = new Map(
    groups.map(({ name, services }) => [
      name,
      new Set(services.flatMap((service) => [service.name, serviceId(service)])),
    ]),
  );
  return lanes.map((lane) => {
    const known = members.get(lane.group);
    const chains = Object.entries(lane.serviceFallback);
    if (known === undefined || chains.every(([service]) => known.has(service))) return lane;
    for (const [service] of chains) {
      if (known.has(service)) continue;
      findings.push(
        `lane ${lane.name} of group ${lane.group}: its fallback for ${service} does not count, which is no member of the group`,
      );
    }
    return { ...lane, serviceFallback: Object.fromEntries(chains.filter(([service]) => known.has(service))) };
  });
}

/** Each host and path has one route; a route that has lost all of its hosts to others is none. */
function mergeRoutes(parts: readonly OwnedPart[], findings: string[]): readonly GatewayRoute[] {
  const places = new Holders<GatewayRoute>(findings);
  const routes: GatewayRoute[] = [];
  for (const { part, owner } of parts) {
    for (const route of part.gateway.routes) {
      const prefix = route.pathPrefix.replace(/\/$/, '');
      const hosts = route.hosts.filter((host) => {
        const what = `route for ${host} ${route.pathPrefix}`;
        return places.take(`${host}${prefix}`, { value: { ...route, hosts: [] }, owner, what });
      });
      if (hosts.length > 0) routes.push(hosts.length === route.hosts.length ? route : { ...route, hosts });
    }
  }
  return routes;
}
