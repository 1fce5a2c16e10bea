import type { KubeService } from '../objects.ts';
import type { EdgeContext } from '../edge/edge-kind.ts';
import type { GatewayApiView } from './convert/gateway-api-view.ts';
import { GATEWAY_ANNOTATION, placesOf, type PlacedService } from './services/gateway-places.ts';
import { GATEWAY_PODS } from './services/plan-service.ts';
import type { GatewayApiWatch } from './watch-gateway-api.ts';

/** What the conversion asks of the cluster, and when the answers may be others. */
export interface GatewayApiWorld {
  /** As it is now; for one conversion. */
  view(): GatewayApiView;
  places(): ReadonlyMap<string, PlacedService>;
  /** Told when an answer that the last view gave is another one now. */
  subscribe(listener: () => void): void;
}

export function gatewayApiWorld(context: EdgeContext, watch: GatewayApiWatch): GatewayApiWorld {
  const { tables, backends, namespace } = context;
  let places: ReadonlyMap<string, PlacedService> = new Map();
  let readyPods = 0;
  /** Question -> the answer; and how it is asked again. */
  let asked = new Map<string, { readonly answer: unknown; readonly ask: () => unknown }>();
  const remember = <T>(question: string, ask: () => T): T => {
    const known = asked.get(question);
    if (known !== undefined) return known.answer as T;
    const answer = ask();
    asked.set(question, { answer, ask });
    return answer;
  };
  const isOutdated = (): boolean => [...asked.values()].some(({ answer, ask }) => ask() !== answer);
  const view = (): GatewayApiView => {
    asked = new Map();
    return {
      ...watch.tables,
      service: (id) => remember(`service ${id}`, () => backends.service(id)),
      laneOf: (id) => remember(`lane ${id}`, () => backends.laneOf(id)),
      namespaceLabels: (name) =>
        remember(`namespace ${name}`, () => tables.namespaces.get(name)?.meta.labels),
      tlsMaterial: (secret) => context.secrets.material(secret),
      policyOf: context.policyOf,
      placeOf: (gateway) => places.get(gateway),
      fleet: { readyPods },
      bundleVersion: watch.bundleVersion(),
    };
  };
  return {
    view,
    places: () => places,
    subscribe(listener) {
      context.subscribe(({ services, pods }) => {
        const [arePlaces, arePods] = [services, pods].map(({ keys }) => touches(keys, namespace));
        const servicesOf = arePlaces === true ? gatewayServices(context) : undefined;
        if (servicesOf !== undefined) places = placesOf(servicesOf);
        const before = readyPods;
        if (arePods === true) readyPods = countReady(context);
        if (servicesOf !== undefined || readyPods !== before || isOutdated()) listener();
      });
      // Lanes of Services may be others by a Lane alone.
      context.catalog.subscribe(({ keys }) => {
        if (keys.size > 0 && isOutdated()) listener();
      });
    },
  };
}

function touches(keys: ReadonlySet<string>, namespace: string): boolean {
  return [...keys].some((key) => key.startsWith(`${namespace}/`));
}

function gatewayServices({ tables, namespace }: EdgeContext): readonly KubeService[] {
  return [...tables.services.values()].filter(
    ({ meta }) => meta.namespace === namespace && meta.annotations[GATEWAY_ANNOTATION] !== undefined,
  );
}

function countReady({ tables, namespace }: EdgeContext): number {
  let count = 0;
  for (const { meta, isReady, isTerminating } of tables.pods.values()) {
    const isGateway =
      meta.namespace === namespace &&
      Object.entries(GATEWAY_PODS).every(([label, value]) => meta.labels[label] === value);
    if (isGateway && isReady && !isTerminating) count += 1;
  }
  return count;
}
