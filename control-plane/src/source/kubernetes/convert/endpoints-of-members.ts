import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import { addressesOf } from './addresses.ts';
import type { ClusterView } from './cluster-view.ts';
import { isMissingSidecar, type Member } from './member.ts';

export interface Readiness {
  /** Members count as ready whatever becomes of them. */
  readonly publishNotReady: boolean;
}

const WEIGHT = 100;

type State = 'ready' | 'last-resort' | DropReason;

/** The endpoints that the members make together; members that are misnamed make none. */
export function endpointsOf(
  members: readonly Member[],
  readiness: Readiness,
  view: ClusterView,
): readonly EndpointConfig[] {
  const states = new Map(members.map((member) => [member, stateOf(member, readiness, view)]));
  const withReady = new Set(
    members.filter((member) => states.get(member) === 'ready').map((member) => laneOf(member)),
  );
  return members.flatMap((member) => {
    const lane = laneOf(member);
    if (lane === undefined) return [];
    const state = states.get(member) ?? 'unhealthy';
    const isLastResort = state === 'last-resort' && !withReady.has(lane) && !withReady.has(BASELINE);
    return [endpointOf(member, isLastResort ? 'ready' : state)];
  });
}

/**
 * What is going still serves where nothing else does, as kube-proxy has it: in the baseline when the whole baseline is going, in a
 * lane when neither lane nor baseline has anybody ready. While there is a baseline, a lane that goes falls back to it.
 */
function stateOf(member: Member, { publishNotReady }: Readiness, view: ClusterView): State {
  const { standing, pod, ready, serving, terminating } = member;
  if (standing.kind === 'lane' && pod !== undefined && isMissingSidecar(pod, view)) return 'not-injected';
  if (ready && (publishNotReady || !terminating)) return 'ready';
  if (!terminating) return 'unhealthy';
  return serving ? 'last-resort' : 'terminating';
}

/** Undefined: what names its lane is no lane name. */
function laneOf({ standing }: Member): string | undefined {
  if (standing.kind === 'misnamed') return undefined;
  return standing.kind === 'lane' ? standing.lane : BASELINE;
}

function endpointOf(member: Member, state: State): EndpointConfig {
  const { standing, pod, ports, zone } = member;
  const { address, aliases } = placesOf(member);
  const dropReason = dropReasonOf(state);
  return {
    address,
    ports,
    ...(standing.kind === 'lane' ? { lane: standing.lane } : {}),
    weight: WEIGHT,
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod: pod.meta.name }),
    healthy: state === 'ready',
    ...(dropReason === undefined ? {} : { dropReason }),
    ...(aliases.length === 0 ? {} : { aliases }),
    source: 'kubernetes',
  };
}

function dropReasonOf(state: State): DropReason | undefined {
  if (state === 'ready' || state === 'unhealthy') return undefined;
  return state === 'last-resort' ? 'terminating' : state;
}

/** The pod's primary address if the Service reaches it there; all others of the pod are the same endpoint. */
function placesOf({ addresses, pod }: Member): {
  readonly address: string;
  readonly aliases: readonly string[];
} {
  const ofPod = pod === undefined ? [] : addressesOf(pod);
  const address = ofPod.find((one) => addresses.includes(one)) ?? addresses[0] ?? '';
  const all = new Set([...ofPod, ...addresses]);
  all.delete(address);
  return { address, aliases: [...all] };
}
