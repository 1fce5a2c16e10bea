import type { ClusterChanges } from '../cluster-tables.ts';
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

export function createGatewayApiWorld(context: EdgeContext, watch: GatewayApiWatch): GatewayApiWorld {
  return new RememberedWorld(context, watch);
}

interface Asked {
  readonly answer: unknown;
  readonly ask: () => unknown;
}

class RememberedWorld implements GatewayApiWorld {
  readonly #context: EdgeContext;
  readonly #watch: GatewayApiWatch;
  #places: ReadonlyMap<string, PlacedService> = new Map();
  #readyPods = 0;
  /** Question -> the answer, and how it is asked again. */
  #asked = new Map<string, Asked>();

  constructor(context: EdgeContext, watch: GatewayApiWatch) {
    this.#context = context;
    this.#watch = watch;
  }

  view(): GatewayApiView {
    const { tables, backends, secrets, policyOf } = this.#context;
    const places = this.#places;
    this.#asked = new Map();
    return {
      ...this.#watch.tables,
      service: (id) => this.#remember(`service ${id}`, () => backends.service(id)),
      laneOf: (id) => this.#remember(`lane ${id}`, () => backends.laneOf(id)),
      namespaceLabels: (name) =>
        this.#remember(`namespace ${name}`, () => tables.namespaces.get(name)?.meta.labels),
      tlsMaterial: (secret) => secrets.material(secret),
      policyOf,
      placeOf: (gateway) => places.get(gateway),
      fleet: { readyPods: this.#readyPods },
      bundleVersion: this.#watch.bundleVersion(),
    };
  }

  places(): ReadonlyMap<string, PlacedService> {
    return this.#places;
  }

  subscribe(listener: () => void): void {
    this.#context.subscribe((changes) => {
      const isOther = this.#takeFleet(changes);
      if (isOther || this.#isOutdated()) listener();
    });
    // Lanes of Services may be others by a Lane alone.
    this.#context.catalog.subscribe(({ keys }) => {
      if (keys.size > 0 && this.#isOutdated()) listener();
    });
  }

  /** Whether Services of Gateways, or how many pods are ready, are others. */
  #takeFleet({ services, pods }: ClusterChanges): boolean {
    const { namespace } = this.#context;
    const arePlaces = touches(services.keys, namespace);
    if (arePlaces) this.#places = placesOf(gatewayServices(this.#context));
    const before = this.#readyPods;
    if (touches(pods.keys, namespace)) this.#readyPods = countReady(this.#context);
    return arePlaces || this.#readyPods !== before;
  }

  #remember<T>(question: string, ask: () => T): T {
    const known = this.#asked.get(question);
    // What stands under a question is the answer to it.
    if (known !== undefined) return known.answer as T;
    const answer = ask();
    this.#asked.set(question, { answer, ask });
    return answer;
  }

  #isOutdated(): boolean {
    for (const { answer, ask } of this.#asked.values()) if (ask() !== answer) return true;
    return false;
  }
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
