import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { FieldReader } from '../read/fields.ts';
import { createTablesTeller } from '../tables-teller.ts';
import { watchOptional, type OptionalTable } from '../watch-optional.ts';
import type { WatchContext } from '../watch-table.ts';
import type { ApiObject, KubeGateway, KubeGatewayClass, KubeReferenceGrant, KubeRoute } from './objects.ts';
import { readBundleVersion } from './read/read-bundle-version.ts';
import { readGatewayClass } from './read/read-gateway-class.ts';
import { readGateway } from './read/read-gateway.ts';
import { readReferenceGrant } from './read/read-reference-grant.ts';
import { readGrpcRoute, readHttpRoute } from './read/read-route.ts';
import { CRDS, GATEWAY_CLASSES, GATEWAYS, GRPC_ROUTES, HTTP_ROUTES, REFERENCE_GRANTS } from './resources.ts';

/** Live. */
export interface GatewayApiTables {
  readonly gatewayClasses: ReadonlyMap<string, KubeGatewayClass>;
  readonly gateways: ReadonlyMap<string, KubeGateway>;
  readonly httpRoutes: ReadonlyMap<string, KubeRoute>;
  readonly grpcRoutes: ReadonlyMap<string, KubeRoute>;
  readonly referenceGrants: ReadonlyMap<string, KubeReferenceGrant>;
}

export interface GatewayApiWatch {
  readonly tables: GatewayApiTables;
  /** `v1.6.1`; undefined: the CRDs do not say, or are not there. */
  bundleVersion(): string | undefined;
  start(): void;
  synced(): Promise<void>;
  problems(): readonly string[];
  stop(): void;
}

export interface GatewayApiListener {
  /** Something is another one than before. */
  readonly onChange: () => void;
  /** Somebody has written the status of this one, perhaps we; nothing else of it is new. */
  readonly onStatus: (resource: Resource, object: ApiObject) => void;
}

type Read<T> = (object: KubeObject, reader: FieldReader) => T;

/** Only this CRD is asked for: it says of which release all of them are. */
const ONE_CRD = 'metadata.name=gatewayclasses.gateway.networking.k8s.io';

export function watchGatewayApi(
  context: WatchContext,
  { onChange, onStatus }: GatewayApiListener,
): GatewayApiWatch {
  const watched = watchTables(context, () => teller.schedule());
  const { gatewayClasses, gateways, httpRoutes, grpcRoutes, referenceGrants, crds } = watched;
  const withStatus: readonly (readonly [Resource, ObjectTable])[] = [
    [GATEWAY_CLASSES, gatewayClasses],
    [GATEWAYS, gateways],
    [HTTP_ROUTES, httpRoutes],
    [GRPC_ROUTES, grpcRoutes],
  ];
  const teller = createTablesTeller({
    log: context.log,
    tables: () => Object.values(watched),
    onChange() {
      const changes = withStatus.map(([resource, table]) =>
        takeChanges(table, (object) => onStatus(resource, object)),
      );
      const others = [referenceGrants.take(), crds.take()].some(({ keys }) => keys.size > 0);
      if (others || changes.includes(true)) onChange();
    },
  });
  return {
    tables: {
      ...{ gatewayClasses: gatewayClasses.store, gateways: gateways.store },
      ...{ httpRoutes: httpRoutes.store, grpcRoutes: grpcRoutes.store },
      referenceGrants: referenceGrants.store,
    },
    bundleVersion: () => [...crds.store.values()][0],
    ...{ start: teller.start, synced: teller.synced, problems: teller.problems, stop: teller.stop },
  };
}

function watchTables(context: WatchContext, onPending: () => void) {
  const watched = <T>(resource: Resource, read: Read<T>): OptionalTable<T> =>
    watchOptional(context, { resource, read, onPending });
  const version = { resource: CRDS, fieldSelector: ONE_CRD, read: readBundleVersion, onPending };
  return {
    gatewayClasses: watched(GATEWAY_CLASSES, readGatewayClass),
    gateways: watched(GATEWAYS, readGateway),
    httpRoutes: watched<KubeRoute>(HTTP_ROUTES, readHttpRoute),
    grpcRoutes: watched<KubeRoute>(GRPC_ROUTES, readGrpcRoute),
    referenceGrants: watched(REFERENCE_GRANTS, readReferenceGrant),
    crds: watchOptional(context, version),
  };
}

type ObjectTable = Pick<OptionalTable<ApiObject>, 'take' | 'store'>;

/** Whether more than the status of some object is new. */
function takeChanges(table: ObjectTable, onStatus: (object: ApiObject) => void): boolean {
  const { keys, before } = table.take();
  let isNew = false;
  for (const key of keys) {
    const [old, object] = [before.get(key), table.store.get(key)];
    if (old !== undefined && object !== undefined && isSameButStatus(old, object)) onStatus(object);
    else isNew = true;
  }
  return isNew;
}

function isSameButStatus(a: ApiObject, b: ApiObject): boolean {
  return isDeepStrictEqual({ ...a, status: undefined }, { ...b, status: undefined });
}
