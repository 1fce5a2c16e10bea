import type { ServiceRef } from '@lanekeeper/protocol/model';

const NAME = /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,251}[A-Za-z0-9])?$/;

/** Whether `text` may name a namespace or a group: letters, digits, `-`, `.` and `_`, at most 253. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/**
 * What may stand nowhere in the name of a service: `/`, which parts it from its namespace; white space and control characters, which
 * break lines of logs; characters that nobody sees or that turn the direction of text (Unicode's category C), and halves of a pair.
 */
const NOT_IN_SERVICE_NAMES = /[/\p{C}\p{Z}]/u;
const MAX_LENGTH = 253;

/**
 * Whether `text` may name a service. Far wider than Kubernetes' names: registries have services called `ORDERS@@order` (Nacos' groups),
 * `providers:com.example.Orders:1.0:` (Dubbo) and 订单.
 */
export function isServiceName(text: string): boolean {
  return text !== '' && text.length <= MAX_LENGTH && !NOT_IN_SERVICE_NAMES.test(text);
}

/** Where a reference or a service names no namespace. */
export const DEFAULT_NAMESPACE = 'default';

/** Reads `b` (in the default namespace) or `other/b`; undefined when it is neither. */
export function parseServiceRef(text: string): ServiceRef | undefined {
  const parts = text.split('/');
  const [namespace, name] = parts.length === 1 ? [DEFAULT_NAMESPACE, parts[0]] : parts;
  if (parts.length > 2 || namespace === undefined || name === undefined) return undefined;
  return isName(namespace) && isServiceName(name) ? { name, namespace } : undefined;
}
