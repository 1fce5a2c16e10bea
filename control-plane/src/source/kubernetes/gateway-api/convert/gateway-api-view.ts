import type { EdgePolicy } from '@lanekeeper/protocol/edge';
import type { BackendView } from '../../edge/backend-service.ts';
import type { TlsMaterial } from '../../edge/tls-material.ts';
import type { KubeGateway, KubeGatewayClass, KubeReferenceGrant, KubeRoute } from '../objects.ts';

/** All that the conversion asks of the cluster. */
export interface GatewayApiView extends BackendView {
  readonly gatewayClasses: ReadonlyMap<string, KubeGatewayClass>;
  /** By `namespace/name`, as the others. */
  readonly gateways: ReadonlyMap<string, KubeGateway>;
  readonly httpRoutes: ReadonlyMap<string, KubeRoute>;
  readonly grpcRoutes: ReadonlyMap<string, KubeRoute>;
  readonly referenceGrants: ReadonlyMap<string, KubeReferenceGrant>;
  /** Undefined: there is no such namespace. */
  namespaceLabels(name: string): Readonly<Record<string, string>> | undefined;
  /** Of a Secret of type kubernetes.io/tls; undefined: there is none. */
  tlsMaterial(secret: string): TlsMaterial | undefined;
  /** What a GatewayConfig says; undefined: there is none, or nothing can be made of it. */
  policyOf(gatewayConfig: string): EdgePolicy | undefined;
  /** Where a Gateway is reached; undefined: it has no Service yet. */
  placeOf(gateway: string): GatewayPlace | undefined;
  readonly fleet: GatewayFleet;
  /** Release of the Gateway API whose CRDs are there, `v1.6.1`; undefined: they do not say. */
  readonly bundleVersion: string | undefined;
}

export interface GatewayPlace {
  /** Of clients; empty: the cluster has not given it one yet. */
  readonly addresses: readonly GatewayAddress[];
  /** The Gateway's port -> the port of gateway pods. */
  readonly targetPorts: ReadonlyMap<number, number>;
}

export interface GatewayAddress {
  readonly type: 'IPAddress' | 'Hostname';
  readonly value: string;
}

/** The pods that serve all Gateways. */
export interface GatewayFleet {
  readonly readyPods: number;
}
