import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { GatewayServiceType } from '../../../config.ts';
import type { ObjectRef } from '../../../status/object-statuses.ts';
import type { ClusterKind } from '../cluster-kind.ts';
import type { EdgeContext } from '../edge/edge-kind.ts';
import { createPaced } from '../edge/paced.ts';
import { convertGatewayApi, type ConvertedGatewayApi } from './convert/convert-gateway-api.ts';
import type { WantedStatus } from './convert/wanted-status.ts';
import type { ApiMeta } from './objects.ts';
import { GatewayServices } from './services/gateway-services.ts';
import { gatewayApiWorld } from './gateway-api-world.ts';
import { watchGatewayApi } from './watch-gateway-api.ts';

export interface GatewayApiOptions {
  readonly serviceType: GatewayServiceType;
}

/** Gateways and their routes: what of them gateway pods serve, their statuses, and as the leader their Services. */
export function createGatewayApi(context: EdgeContext, { serviceType }: GatewayApiOptions): ClusterKind {
  const { log, client, isLeader, namespace, statuses, secrets } = context;
  const services = new GatewayServices({ client, isLeader, namespace, type: serviceType, log });
  const standing = new Map<string, WantedStatus>();
  const published = Promise.withResolvers<void>();
  published.promise.catch(() => undefined);
  const watch = watchGatewayApi(context, {
    onChange: () => paced.schedule(),
    onStatus(resource, { meta, status }) {
      const wanted = standing.get(keyOf(resource, meta));
      if (wanted !== undefined) statuses.want(refOf(resource, meta), wanted.status, status);
    },
  });
  const world = gatewayApiWorld(context, watch);
  let isKnown = false;
  const convert = (): void => {
    if (!isKnown) return;
    const converted = convertGatewayApi(world.view());
    secrets.want('gateway-api', converted.secrets);
    // It is told of when they have been read: nobody is to lose a certificate that is only on its way.
    if (!secrets.isComplete()) return;
    context.serve(converted.edge);
    tellStatuses(converted, standing, context);
    services.want({ ...converted.gateways, present: world.places() });
    published.resolve();
  };
  const paced = createPaced({ run: convert, now: () => performance.now() });
  world.subscribe(() => paced.schedule());
  secrets.subscribe(() => paced.schedule());
  context.configs.subscribe(() => paced.schedule());
  const endLeading = context.leadership.subscribe(() => services.work());
  return {
    start: () => watch.start(),
    async synced() {
      await Promise.all([watch.synced(), secrets.synced(), context.clusterKnown()]);
      isKnown = true;
      paced.schedule();
      await published.promise;
    },
    problems: () => watch.problems(),
    findings: () => [],
    stop() {
      published.reject(new Error('the Gateway API was stopped before it was known'));
      endLeading();
      paced.stop();
      services.stop();
      watch.stop();
    },
  };
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
