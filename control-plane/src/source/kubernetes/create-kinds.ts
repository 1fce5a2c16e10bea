import type { KubernetesSourceConfig } from '../../config.ts';
import type { ClusterKind, KindContext } from './cluster-kind.ts';
import { createEdgeKind } from './edge/edge-kind.ts';
import { createGatewayApi } from './gateway-api/gateway-api.ts';
import { createIngresses } from './ingress/ingresses.ts';
import { createLanes } from './lanes/create-lanes.ts';

/** What is watched beside Services and pods; Ingress and the Gateway API only where there are gateways. */
export function createKinds(
  { gatewayAccount, gatewayServiceType }: KubernetesSourceConfig,
  context: KindContext,
): readonly ClusterKind[] {
  const lanes = createLanes(context);
  if (gatewayAccount === undefined) return [lanes];
  const serviceType = gatewayServiceType ?? 'ClusterIP';
  return [
    lanes,
    createEdgeKind(context, [createIngresses, (edge) => createGatewayApi(edge, { serviceType })]),
  ];
}
