import type { ServiceRef } from '@lanekeeper/protocol/model';

const NAME = /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,251}[A-Za-z0-9])?$/;

/**
 * Whether `text` may name a service or a namespace: letters, digits, `-`, `.` and `_`, at most 253. Wider than Kubernetes'
 * names because registries such as Nacos have services called `sc-A` or `com.example.Orders`.
 */
export function isServiceName(text: string): boolean {
  return NAME.test(text);
}

/** Where a reference or a service names no namespace. */
export const DEFAULT_NAMESPACE = 'default';

/** Reads `b` (in the default namespace) or `other/b`; undefined when it is neither. */
export function parseServiceRef(text: string): ServiceRef | undefined {
  const parts = text.split('/');
  const [namespace, name] = parts.length === 1 ? [DEFAULT_NAMESPACE, parts[0]] : parts;
  if (parts.length > 2 || namespace === undefined || name === undefined) return undefined;
  return isServiceName(namespace) && isServiceName(name) ? { name, namespace } : undefined;
}
