import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import { ProxyError } from '../proxy-error.ts';
import { chainOf } from './lane-chain.ts';
import type { Dropped, ServicePort } from './snapshot.ts';

/** The sentences with which decisions refuse a request. They may reach the client, so they name no address. */

export function noEndpoint(
  lane: string,
  servicePort: ServicePort,
  laneNames: ReadonlySet<string>,
  dropped: readonly Dropped[],
): ProxyError {
  const { lanes } = chainOf(lane, servicePort.service, laneNames);
  const others = lanes.filter((name) => name !== lane);
  const findings = [lane, ...others].map((name) => finding(name, servicePort, dropped));
  const chain = others.length === 0 ? noFallback(lane) : `its fallback is ${others.join(', ')}`;
  return new ProxyError(
    'no-endpoint',
    `${portName(servicePort)} has no endpoint for ${laneName(lane)}: ${findings.join('; ')}; ${chain}. ` +
      remedyFor(lane, others),
  );
}

/** The baseline's own lack has one remedy; a lane's chain can be changed as well. */
function remedyFor(lane: string, others: readonly string[]): string {
  const ready = `Make an endpoint of ${[lane, ...others].join(' or ')} ready`;
  return lane === BASELINE ? `${ready}.` : `${ready}, or change the lane's fallback.`;
}

function noFallback(lane: string): string {
  return lane === BASELINE ? 'the baseline has no fallback' : 'the lane declares no fallback here';
}

/** `gray has 2 endpoints, none usable (1 unhealthy, 1 ejected)`. */
function finding(lane: string, servicePort: ServicePort, dropped: readonly Dropped[]): string {
  const endpoints = servicePort.subsets.get(lane)?.endpoints ?? [];
  if (endpoints.length === 0) return `${lane} has no endpoint`;
  const reasons = new Map<DropReason, number>();
  const keys = new Set(endpoints.map((endpoint) => endpoint.key));
  for (const { endpoint, reason } of dropped) {
    if (keys.has(endpoint)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
  return `${lane} has ${plural(endpoints.length)}, none usable${counts === '' ? '' : ` (${counts})`}`;
}

export function wrongLane(lane: string, podLane: string, where: string): ProxyError {
  return new ProxyError(
    'wrong-lane',
    `This pod of ${where} serves ${laneName(podLane)} and was reached by a request of ${laneName(lane)}, which it must not ` +
      `serve. The caller runs without a sidecar or holds a stale connection: inject it, or let it call the service by name.`,
  );
}

export function correctionLoop(lane: string, podLane: string, where: string): ProxyError {
  return new ProxyError(
    'loop',
    `A request of ${laneName(lane)} was already sent on once and reached ${where} in ${laneName(podLane)} again. The pod's ` +
      `own lane and the mesh's configuration disagree: compare the label of the pod with its endpoint in /clusters.`,
  );
}

export function ownListener(authority: string): ProxyError {
  return new ProxyError(
    'loop',
    `"${authority}" is this proxy itself. Expected the host of a service or of a server outside the mesh.`,
  );
}

export function laneAmbiguous(where: string): ProxyError {
  return new ProxyError(
    'lane-ambiguous',
    `Requests of several lanes are in flight here and nothing links this call to ${where} to one of them; the group is ` +
      `strict, so it is refused. Let the application forward baggage, traceparent or x-request-id.`,
  );
}

export function ambiguousTag(conflict: string): ProxyError {
  return new ProxyError(
    'ambiguous-tag',
    `The request carries two different lane tags: ${conflict}. Expected one; remove the other at the caller.`,
  );
}

export function unknownDestination(expected: string): ProxyError {
  return new ProxyError('unknown-destination', `Nobody can tell where this is to go: ${expected}`);
}

export function emptySubset(backend: string, lane: string): ProxyError {
  return new ProxyError(
    'no-endpoint',
    `${backend} has no usable endpoint in ${lane}, and the route allows no other. Make one ready.`,
  );
}

/** `default/b:80`. */
export function portName(servicePort: ServicePort): string {
  return `${servicePort.service.id}:${servicePort.port}`;
}

/** `lane gray`, `the baseline`. */
export function laneName(lane: string): string {
  return lane === BASELINE ? 'the baseline' : `lane ${lane}`;
}

export function plural(count: number): string {
  return count === 1 ? '1 endpoint' : `${count} endpoints`;
}
