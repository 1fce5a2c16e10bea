import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';

const GATEWAY_CLASSES_CRD = 'gatewayclasses.gateway.networking.k8s.io';
const BUNDLE_VERSION = 'gateway.networking.k8s.io/bundle-version';

/** Release of the Gateway API that a CRD says it is of; undefined: it is another CRD, or does not say. */
export function readBundleVersion({ metadata }: KubeObject): string | undefined {
  return metadata.name === GATEWAY_CLASSES_CRD ? metadata.annotations?.[BUNDLE_VERSION] : undefined;
}
