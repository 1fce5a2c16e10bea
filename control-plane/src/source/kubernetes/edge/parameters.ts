import type { Resource } from '@lanekeeper/kubernetes/resources';

export const GATEWAY_CONFIGS: Resource = {
  group: 'lanekeeper.io',
  version: 'v1alpha1',
  plural: 'gatewayconfigs',
  kind: 'GatewayConfig',
};
/** Of the product that people come from; without a namespace. */
export const MSE_INGRESS_CONFIGS: Resource = {
  group: 'mse.alibabacloud.com',
  version: 'v1alpha1',
  plural: 'mseingressconfigs',
  kind: 'MseIngressConfig',
};

/** What the parameters of a class refer to. */
export interface ParametersRef {
  readonly kind: string;
  readonly name: string;
  /** Empty: a kind that has none. */
  readonly namespace: string;
}
