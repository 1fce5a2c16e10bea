import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { GatewayServiceType } from '../../../config.ts';
import type { ObjectRef } from '../../../status/object-statuses.ts';
import type { ClusterKind } from '../cluster-kind.ts';
import type { EdgeContext } from '../edge/edge-kind.ts';
import { createPaced, type Paced } from '../edge/paced.ts';
import { convertGatewayApi, type ConvertedGatewayApi } from './convert/convert-gateway-api.ts';
import type { WantedStatus } from './convert/wanted-status.ts';
import type { ApiMeta, ApiObject } from './objects.ts';
import { GatewayServices } from './services/gateway-services.ts';
import { createGatewayApiWorld, type GatewayApiWorld } from './gateway-api-world.ts';
import { watchGatewayApi, type GatewayApiWatch } from './watch-gateway-api.ts';

export interface GatewayApiOptions {
  readonly serviceType: GatewayServiceType;
}

/** Gateways and their routes: what of them gateway pods serve, their statuses, and as the leader their Services. */
export function createGatewayApi(context: EdgeContext, options: GatewayApiOptions): ClusterKind {
  return new GatewayApi(context, options);
}

class GatewayApi implements ClusterKind {
  readonly #context: EdgeContext;
  readonly #watch: GatewayApiWatch;
  readonly #world: GatewayApiWorld;
  readonly #services: GatewayServices;
  readonly #paced: Paced;
  /** What each status says, for when somebody else writes it. */
  readonly #standing = new Map<string, WantedStatus>();
  readonly #published = Promise.withResolvers<void>();
  readonly #endLeading: () => void;
  /** Whether all that the conversion asks for has been read. */
  #isKnown = false;

  constructor(context: EdgeContext, { serviceType }: GatewayApiOptions) {
    const { log, client, isLeader, namespace } = context;
    this.#context = context;
    this.#paced = createPaced({ run: () => this.#convert(), now: () => performance.now(), log });
    const schedule = (): void => this.#paced.schedule();
    this.#services = new GatewayServices({ client, isLeader, namespace, type: serviceType, log });
    this.#watch = watchGatewayApi(context, {
      onChange: schedule,
      onStatus: (resource, object) => this.#tellAgain(resource, object),
    });
    this.#world = createGatewayApiWorld(context, this.#watch);
    this.#world.subscribe(schedule);
    context.secrets.subscribe(schedule);
    context.configs.subscribe(schedule);
    this.#endLeading = context.leadership.subscribe(() => this.#services.work());
    // Whoever does not wait for it has no use for the rejection.
    this.#published.promise.catch(() => undefined);
  }

  start(): void {
    this.#watch.start();
  }

  async synced(): Promise<void> {
    const { secrets, configs, clusterKnown } = this.#context;
    await Promise.all([this.#watch.synced(), secrets.synced(), configs.synced(), clusterKnown()]);
    this.#isKnown = true;
    this.#paced.schedule();
    await this.#published.promise;
  }

  problems(): readonly string[] {
    return this.#watch.problems();
  }

  /** They stand in the statuses of the objects. */
  findings(): readonly string[] {
    return [];
  }

  stop(): void {
    this.#published.reject(new Error('the Gateway API was stopped before it was known'));
    this.#endLeading();
    this.#paced.stop();
    this.#services.stop();
    this.#watch.stop();
  }

  #convert(): void {
    if (!this.#isKnown) return;
    const { secrets, serve } = this.#context;
    const converted = convertGatewayApi(this.#world.view());
    secrets.want('gateway-api', converted.secrets);
    // It is told of when they have been read: nobody is to lose a certificate that is only on its way.
    if (!secrets.isComplete()) return;
    serve(converted.edge);
    tellStatuses(converted, this.#standing, this.#context);
    this.#services.want({ ...converted.gateways, present: this.#world.places() });
    this.#published.resolve();
  }

  #tellAgain(resource: Resource, { meta, status }: ApiObject): void {
    const wanted = this.#standing.get(keyOf(resource, meta));
    if (wanted !== undefined) this.#context.statuses.want(refOf(resource, meta), wanted.status, status);
  }
}

function tellStatuses(
  { statuses: wanted }: ConvertedGatewayApi,
  standing: Map<string, WantedStatus>,
  { statuses }: Pick<EdgeContext, 'statuses'>,
): void {
  const gone = new Map(standing);
  standing.clear();
  for (const one of wanted) {
    const { meta, status: before } = one.object;
    const key = keyOf(one.resource, meta);
    gone.delete(key);
    standing.set(key, one);
    statuses.want(refOf(one.resource, meta), one.status, before);
  }
  for (const { resource, object } of gone.values()) statuses.forget(refOf(resource, object.meta));
}

function refOf(resource: Resource, { namespace, name }: ApiMeta): ObjectRef {
  return namespace === '' ? { resource, name } : { resource, namespace, name };
}

function keyOf({ plural }: Resource, { namespace, name }: ApiMeta): string {
  return `${plural} ${namespace}/${name}`;
}
