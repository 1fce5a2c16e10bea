import type { Resource } from '@lanekeeper/kubernetes/resources';

export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';

export const GATEWAY_CLASSES = kind('v1', 'gatewayclasses', 'GatewayClass');
export const GATEWAYS = kind('v1', 'gateways', 'Gateway');
export const HTTP_ROUTES = kind('v1', 'httproutes', 'HTTPRoute');
export const GRPC_ROUTES = kind('v1', 'grpcroutes', 'GRPCRoute');
/** `v1` is served from release 1.5 on only; this one by all. */
export const REFERENCE_GRANTS = kind('v1beta1', 'referencegrants', 'ReferenceGrant');

function kind(version: string, plural: string, name: string): Resource {
  return { group: GATEWAY_API_GROUP, version, plural, kind: name };
}

export const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
};
