import type { ServiceRef } from './model.ts';

/** `namespace/name`, the key of a service in a snapshot. */
export function serviceId(service: ServiceRef): string {
  return `${service.namespace}/${service.name}`;
}

/** Order of services that is the same in every sidecar. */
export function byServiceId(a: ServiceRef, b: ServiceRef): number {
  const left = serviceId(a);
  const right = serviceId(b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
