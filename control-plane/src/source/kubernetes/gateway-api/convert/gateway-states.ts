import type { EdgePolicy } from '@lanekeeper/protocol/edge';
import { CONTROLLER_NAME } from '../../../../status/controller-name.ts';
import type { KubeGateway, KubeGatewayClass, ObjectReference } from '../objects.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import { listenerStates, type ListenerState } from './listener-states.ts';
import type { IsGranted } from './reference-grants.ts';
import type { Refusal } from './refusal.ts';

/** A Gateway of ours. */
export interface GatewayState {
  /** `namespace/name` */
  readonly key: string;
  readonly gateway: KubeGateway;
  readonly policy: EdgePolicy;
  /** Why it is not served at all; undefined: it is accepted, with the listeners that are. */
  readonly refusal: Refusal | undefined;
  readonly listeners: readonly ListenerState[];
}

export const DEFAULT_POLICY: EdgePolicy = {
  trustIncomingTag: false,
  trustedProxies: [],
  proxyProtocol: false,
  allow: [],
  deny: [],
};

export function isOurs(gatewayClass: KubeGatewayClass | undefined): gatewayClass is KubeGatewayClass {
  return gatewayClass?.controllerName === CONTROLLER_NAME;
}

/** By `namespace/name`. */
export function gatewayStates(view: GatewayApiView, isGranted: IsGranted): ReadonlyMap<string, GatewayState> {
  const states = new Map<string, GatewayState>();
  for (const key of [...view.gateways.keys()].sort()) {
    const gateway = view.gateways.get(key);
    const gatewayClass = gateway === undefined ? undefined : view.gatewayClasses.get(gateway.className);
    if (gateway === undefined || !isOurs(gatewayClass)) continue;
    const listeners = listenerStates({ gateway, view, isGranted });
    const policy = policyFor(gateway, gatewayClass, view);
    const refusal = 'refusal' in policy ? policy.refusal : (refusedAddress(gateway) ?? noListener(listeners));
    states.set(key, {
      ...{ key, gateway, listeners, refusal },
      policy: 'refusal' in policy ? DEFAULT_POLICY : policy.policy,
    });
  }
  return states;
}

/** What a parametersRef means; undefined: it means nothing that we know. */
export function policyByRef(
  { group, kind, namespace, name }: ObjectReference,
  view: Pick<GatewayApiView, 'policyOf'>,
): EdgePolicy | undefined {
  if (group !== 'lanekeeper.io' || kind !== 'GatewayConfig' || namespace === undefined) return undefined;
  return view.policyOf(`${namespace}/${name}`);
}

type Policy = { readonly policy: EdgePolicy } | { readonly refusal: Refusal };

/** The Gateway's own word, then its class'. Without what is named nothing is served: access lists may stand in it. */
function policyFor(gateway: KubeGateway, { parametersRef }: KubeGatewayClass, view: GatewayApiView): Policy {
  const own = gateway.infrastructure.parametersRef;
  const ref = own === undefined ? parametersRef : { ...own, namespace: gateway.meta.namespace };
  if (ref === undefined) return { policy: DEFAULT_POLICY };
  const policy = policyByRef(ref, view);
  if (policy !== undefined) return { policy };
  const by = own === undefined ? `GatewayClass ${gateway.className}` : 'spec.infrastructure';
  return { refusal: { reason: 'InvalidParameters', message: `${by}: parametersRef ${unusable(ref)}` } };
}

/** Completes a sentence that begins with the reference. */
export function unusable({ group, kind, namespace, name }: ObjectReference): string {
  const what = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name} of ${JSON.stringify(group)}`;
  return `names ${what}; a GatewayConfig of lanekeeper.io that is there and valid is expected`;
}

/** One without a value asks for any of its kind. */
function refusedAddress({ addresses }: KubeGateway): Refusal | undefined {
  const values = addresses.map(({ value }) => value).filter((value) => value !== '');
  if (values.length === 0) return undefined;
  const message = `spec.addresses asks for ${values.join(', ')}; addresses are given by the cluster and cannot be chosen`;
  return { reason: 'UnsupportedAddress', message };
}

function noListener(listeners: readonly ListenerState[]): Refusal | undefined {
  if (listeners.some(({ refusal }) => refusal === undefined)) return undefined;
  return { reason: 'ListenersNotValid', message: `no listener can be served: ${refusals(listeners)}` };
}

/** `https: …; admin: …` */
export function refusals(listeners: readonly ListenerState[]): string {
  return listeners
    .flatMap(({ listener, refusal }) =>
      refusal === undefined ? [] : [`${listener.name}: ${refusal.message}`],
    )
    .join('; ');
}
