import type { EdgeCertificate, EdgeConfig, EdgeListener } from '@lanekeeper/protocol/edge';
import type { KubeGateway, KubeRoute } from '../objects.ts';
import { attachRoutes, byAge, type Attachments } from './attach-routes.ts';
import { namedSecrets } from './certificate-refs.ts';
import { convertRules, type ConvertedRoute } from './convert-rules.ts';
import { wholeRefusal } from './draft-rules.ts';
import { edgeListeners } from './edge-listeners.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import { gatewayClassStatuses } from './gateway-class-status.ts';
import { gatewayStates } from './gateway-states.ts';
import { gatewayStatus } from './gateway-status.ts';
import { grantsOf } from './reference-grants.ts';
import { routeStatus } from './route-status.ts';
import type { WantedStatus } from './wanted-status.ts';

export interface ConvertedGatewayApi {
  readonly edge: EdgeConfig;
  readonly statuses: readonly WantedStatus[];
  /** `namespace/name` of all Secrets that accepted references name, whether they are there or not. */
  readonly secrets: ReadonlySet<string>;
  readonly gateways: {
    /** Those that are to have a Service, by `namespace/name`. */
    readonly served: ReadonlyMap<string, KubeGateway>;
    /** Those that are ours, but cannot be served. */
    readonly kept: ReadonlySet<string>;
  };
}

/** All of it at once; what follows from a route alone is kept with the route. */
export function convertGatewayApi(view: GatewayApiView): ConvertedGatewayApi {
  const isGranted = grantsOf(view.referenceGrants.values());
  const gateways = gatewayStates(view, isGranted);
  const routes = [...view.httpRoutes.values(), ...view.grpcRoutes.values()].sort(byAge);
  const attachments = attachRoutes(routes, { gateways, view, unusable: wholeRefusal });
  const converted = remembered((route) => convertRules(route, { view, isGranted }));
  const all = [...gateways.values()];
  const listeners = all.flatMap((gateway) =>
    edgeListeners(gateway, {
      place: view.placeOf(gateway.key),
      attached: (state) => attachments.routes.get(state) ?? [],
      converted,
    }),
  );
  return {
    edge: { listeners, certificates: certificatesOf(listeners, view) },
    statuses: [
      ...gatewayClassStatuses(view),
      ...all.map((gateway) => gatewayStatus(gateway, { view, attachedTo: attachedTo(attachments) })),
      ...routes.flatMap((route) => routeStatusOf(route, attachments, converted)),
    ],
    secrets: new Set(all.flatMap(({ gateway }) => namedSecrets(gateway, isGranted))),
    gateways: {
      served: new Map(
        all.flatMap(({ key, gateway, refusal }) => (refusal === undefined ? [[key, gateway] as const] : [])),
      ),
      kept: new Set(all.flatMap(({ key, refusal }) => (refusal === undefined ? [] : [key]))),
    },
  };
}

function attachedTo({ routes }: Attachments) {
  return (state: Parameters<typeof routes.get>[0]): number => routes.get(state)?.length ?? 0;
}

function routeStatusOf(
  route: KubeRoute,
  { parents }: Attachments,
  converted: (route: KubeRoute) => ConvertedRoute,
): readonly WantedStatus[] {
  const ours = parents.get(route) ?? [];
  const unresolved = ours.length === 0 ? undefined : converted(route).unresolved;
  const status = routeStatus(route, ours, unresolved);
  return status === undefined ? [] : [status];
}

function certificatesOf(
  listeners: readonly EdgeListener[],
  view: GatewayApiView,
): Readonly<Record<string, EdgeCertificate>> {
  const ids = [...new Set(listeners.flatMap(({ certificates }) => certificates))].sort();
  return Object.fromEntries(
    ids.flatMap((id) => {
      const material = view.tlsMaterial(id);
      return material?.kind === 'valid' ? [[id, material.certificate] as const] : [];
    }),
  );
}

function remembered(make: (route: KubeRoute) => ConvertedRoute): (route: KubeRoute) => ConvertedRoute {
  const made = new Map<KubeRoute, ConvertedRoute>();
  return (route) => {
    const known = made.get(route);
    if (known !== undefined) return known;
    const converted = make(route);
    made.set(route, converted);
    return converted;
  };
}
