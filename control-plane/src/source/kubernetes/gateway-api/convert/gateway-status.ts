import { GATEWAYS, GATEWAY_API_GROUP } from '../resources.ts';
import { isDark } from './edge-listeners.ts';
import type { GatewayApiView, GatewayFleet, GatewayPlace } from './gateway-api-view.ts';
import { refusals, type GatewayState } from './gateway-states.ts';
import type { ListenerState } from './listener-states.ts';
import { conditionsOf, fails, holds, type Refusal, type Verdict } from './refusal.ts';
import type { WantedStatus } from './wanted-status.ts';

export interface GatewayStatusContext {
  readonly view: Pick<GatewayApiView, 'placeOf' | 'fleet'>;
  /** How many routes are attached to a listener. */
  readonly attachedTo: (state: ListenerState) => number;
}

export function gatewayStatus(state: GatewayState, { view, attachedTo }: GatewayStatusContext): WantedStatus {
  const { gateway, listeners, refusal } = state;
  const place = view.placeOf(state.key);
  const pending = pendingOf(place, view.fleet);
  const { generation } = gateway.meta;
  return {
    resource: GATEWAYS,
    object: gateway,
    status: {
      addresses: refusal === undefined ? (place?.addresses ?? []) : [],
      conditions: conditionsOf(generation, {
        Accepted: accepted(state),
        Programmed: programmed(state, pending),
        ResolvedRefs: resolvedRefs(state),
      }),
      listeners: listeners.map((listener) =>
        listenerStatus(listener, {
          generation,
          attached: attachedTo(listener),
          blocked: refusal ?? pending ?? unopened(listener, place),
        }),
      ),
    },
  };
}

function accepted({ refusal, listeners }: GatewayState): Verdict {
  if (refusal !== undefined) return fails(refusal);
  const invalid = refusals(listeners);
  if (invalid === '') return holds('Accepted', 'all listeners are served');
  return holds('ListenersNotValid', `some listeners are not served: ${invalid}`);
}

function programmed({ refusal, listeners }: GatewayState, pending: Refusal | undefined): Verdict {
  if (refusal !== undefined) return fails({ reason: 'Invalid', message: refusal.message });
  if (listeners.every((state) => blockedBySelf(state) !== undefined))
    return fails({ reason: 'Invalid', message: 'no listener has all that it needs; see their conditions' });
  return pending === undefined ? holds('Programmed', 'gateway pods serve it') : fails(pending);
}

/** What a Gateway that is right in itself still waits for. */
function pendingOf(place: GatewayPlace | undefined, { readyPods }: GatewayFleet): Refusal | undefined {
  if (place === undefined)
    return { reason: 'AddressNotAssigned', message: 'its Service has not been made yet' };
  if (place.addresses.length === 0) {
    const message =
      'its Service has no address yet; on a cluster without load balancers set gateway.service.type to ClusterIP or NodePort';
    return { reason: 'AddressNotAssigned', message };
  }
  if (readyPods === 0) return { reason: 'Pending', message: 'no pod of lanekeeper-gateway is ready' };
  return undefined;
}

function unopened({ listener }: ListenerState, place: GatewayPlace | undefined): Refusal | undefined {
  if (place?.targetPorts.has(listener.port) === true) return undefined;
  return { reason: 'Pending', message: `its Service does not have port ${listener.port} yet` };
}

/** Of what listeners name; and what is asked for once for the whole Gateway. */
function resolvedRefs({ gateway, listeners }: GatewayState): Verdict {
  if (gateway.tls.backend) {
    const message = 'spec.tls.backend is there, and backends are spoken to without TLS';
    return fails({ reason: 'InvalidClientCertificateRef', message });
  }
  const unresolved = listeners.flatMap(({ listener, unresolved: refusal }) =>
    refusal === undefined ? [] : [`${listener.name}: ${refusal.message}`],
  );
  if (unresolved.length === 0) return holds('ResolvedRefs', 'all references lead to something');
  return fails({ reason: 'ListenersNotResolved', message: unresolved.join('; ') });
}

interface ListenerFacts {
  readonly generation: number;
  readonly attached: number;
  /** Why it is not programmed, though it is right in itself. */
  readonly blocked: Refusal | undefined;
}

function listenerStatus(state: ListenerState, { generation, attached, blocked }: ListenerFacts): unknown {
  const { listener, kinds, refusal, isConflicted, unresolved, overlaps } = state;
  const conflict = isConflicted && refusal !== undefined ? refusal : undefined;
  return {
    name: listener.name,
    supportedKinds: kinds.map((kind) => ({ group: GATEWAY_API_GROUP, kind })),
    attachedRoutes: attached,
    conditions: conditionsOf(generation, {
      Accepted: refusal === undefined ? holds('Accepted', 'it is valid') : fails(refusal),
      Programmed: programmedListener(state, blocked),
      ResolvedRefs:
        unresolved === undefined
          ? holds('ResolvedRefs', 'all references lead to something')
          : fails(unresolved),
      Conflicted:
        conflict === undefined
          ? fails({ reason: 'NoConflicts', message: 'no other listener is in its way' })
          : holds(conflict.reason, conflict.message),
      OverlappingTLSConfig:
        overlaps.length === 0
          ? undefined
          : holds(
              'OverlappingHostnames',
              `hosts of it are also those of ${overlaps.join(', ')}; a connection serves one listener only`,
            ),
    }),
  };
}

function programmedListener(state: ListenerState, blocked: Refusal | undefined): Verdict {
  const own = blockedBySelf(state);
  if (own !== undefined) return fails({ reason: 'Invalid', message: own });
  if (blocked === undefined) return holds('Programmed', 'gateway pods serve it');
  return fails({ reason: 'Pending', message: blocked.message });
}

/** Why it serves nothing, whatever the Gateway's state. */
function blockedBySelf(state: ListenerState): string | undefined {
  if (state.refusal !== undefined) return state.refusal.message;
  if (isDark(state)) return state.unresolved?.message ?? 'it has no certificate';
  return state.kinds.length === 0 ? 'no kind of route can attach to it' : undefined;
}
