/** A kind of object as the API server's paths name it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

export const PODS = core('pods', 'Pod');
export const SERVICES = core('services', 'Service');
export const NAMESPACES = core('namespaces', 'Namespace');
export const SECRETS = core('secrets', 'Secret');
export const CONFIG_MAPS = core('configmaps', 'ConfigMap');
export const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
};
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
export const MUTATING_WEBHOOK_CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
};
export const VALIDATING_WEBHOOK_CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
};
export const TOKEN_REVIEWS: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
};
export const DEPLOYMENTS = apps('deployments', 'Deployment');
export const STATEFUL_SETS = apps('statefulsets', 'StatefulSet');
export const DAEMON_SETS = apps('daemonsets', 'DaemonSet');

export const HORIZONTAL_POD_AUTOSCALERS: Resource = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
};

export const INGRESSES = networking('ingresses', 'Ingress');
export const INGRESS_CLASSES = networking('ingressclasses', 'IngressClass');

/** All objects of a kind, or those of one namespace. */
export interface Collection {
  readonly resource: Resource;
  /** Absent: all namespaces, or a kind that has none. */
  readonly namespace?: string;
}

/** One object, or a part of it that has an address of its own. */
export interface Named extends Collection {
  readonly name: string;
  /** `status`, for one. */
  readonly subresource?: string;
}

/** `/api/v1/pods`, `/apis/apps/v1/namespaces/shop/deployments/a/status`. */
export function pathOf(place: Collection | Named): string {
  const { group, version, plural } = place.resource;
  const segments = [...(group === '' ? ['api'] : ['apis', group]), version];
  if (place.namespace !== undefined) segments.push('namespaces', place.namespace);
  segments.push(plural);
  if ('name' in place) segments.push(place.name);
  if ('subresource' in place && place.subresource !== undefined) segments.push(place.subresource);
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

/** `leases.coordination.k8s.io "lanekeeper-injector" in namespace lanekeeper-system`: as RBAC and people name it. */
export function nameOf(place: Collection | Named): string {
  const { group, plural } = place.resource;
  const subresource =
    'subresource' in place && place.subresource !== undefined ? `/${place.subresource}` : '';
  const kind = `${plural}${subresource}${group === '' ? '' : `.${group}`}`;
  const name = 'name' in place ? ` "${place.name}"` : '';
  return `${kind}${name}${place.namespace === undefined ? '' : ` in namespace ${place.namespace}`}`;
}

function core(plural: string, kind: string): Resource {
  return { group: '', version: 'v1', plural, kind };
}

function apps(plural: string, kind: string): Resource {
  return { group: 'apps', version: 'v1', plural, kind };
}

function networking(plural: string, kind: string): Resource {
  return { group: 'networking.k8s.io', version: 'v1', plural, kind };
}
