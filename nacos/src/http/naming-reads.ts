import type { InstanceList, ServiceKey } from '../instance.ts';
import { readInstanceList } from '../read-instance-list.ts';
import type { HttpAnswer } from './http-call.ts';
import { jsonFields, malformedBody } from './json-body.ts';
import type { NacosApi } from './nacos-api.ts';

export interface ReadOptions {
  readonly namespace: string;
  readonly signal?: AbortSignal;
}

/** A server that hangs is known as one after so long. */
const TIMEOUT_MS = 3000;
const PAGE_SIZE = 500;

/** Names of all services of a group, read page by page. Rejects with a NacosError. */
export async function readServiceNames(
  api: NacosApi,
  group: string,
  options: ReadOptions,
): Promise<readonly string[]> {
  const names = new Set<string>();
  // A service that comes or goes meanwhile shifts the pages: the count ends it only where as many were read.
  for (let page = 1; ; page++) {
    const { count, doms } = await readPage(api, { group, page, size: PAGE_SIZE }, options);
    for (const name of doms) names.add(withoutGroup(name, group));
    if (doms.length === 0 || names.size >= count) return [...names];
  }
}

export async function readInstances(
  api: NacosApi,
  service: ServiceKey,
  { namespace, signal }: ReadOptions,
): Promise<InstanceList> {
  const answer = await api.request({
    ...{ method: 'GET', path: '/v1/ns/instance/list', timeoutMs: TIMEOUT_MS },
    query: {
      ...{ serviceName: groupedName(service), groupName: service.group, healthyOnly: 'false' },
      ...namespaceParam(namespace),
    },
    wish: `list the instances of ${groupedName(service)}`,
    ...(signal === undefined ? {} : { signal }),
  });
  const expected = `the instances of ${groupedName(service)}`;
  const list = readInstanceList(jsonFields(answer, expected));
  if (list === undefined) throw malformedBody('JSON without a list of hosts', expected);
  return list;
}

/** Whether it answers at all: any answer is one that it gives itself. */
export async function askIfThere(api: NacosApi, { namespace, signal }: ReadOptions): Promise<HttpAnswer> {
  return api.request({
    ...{ method: 'GET', path: '/v1/ns/service/list', timeoutMs: TIMEOUT_MS },
    query: { pageNo: '1', pageSize: '1', ...namespaceParam(namespace) },
    wish: 'list a service',
    accepts: [400, 401, 403, 404, 500],
    ...(signal === undefined ? {} : { signal }),
  });
}

/** `GROUP@@name`, which is how servers know it whatever is said of groups elsewhere. */
export function groupedName({ group, name }: ServiceKey): string {
  return `${group}@@${name}`;
}

/** The public namespace has an empty id, and is not named. */
export function namespaceParam(namespace: string): { readonly namespaceId?: string } {
  return namespace === '' ? {} : { namespaceId: namespace };
}

async function readPage(
  api: NacosApi,
  { group, page, size }: { readonly group: string; readonly page: number; readonly size: number },
  { namespace, signal }: ReadOptions,
): Promise<{ readonly count: number; readonly doms: readonly string[] }> {
  const answer = await api.request({
    ...{ method: 'GET', path: '/v1/ns/service/list', timeoutMs: TIMEOUT_MS },
    query: {
      ...{ pageNo: String(page), pageSize: String(size), groupName: group },
      ...namespaceParam(namespace),
    },
    wish: `list the services of group ${group}`,
    ...(signal === undefined ? {} : { signal }),
  });
  const expected = `the services of group ${group}`;
  const { count, doms } = jsonFields(answer, expected);
  const names = Array.isArray(doms) ? doms.filter((name: unknown) => typeof name === 'string') : undefined;
  if (typeof count !== 'number' || names === undefined)
    throw malformedBody('JSON without count and doms', expected);
  return { count, doms: names };
}

function withoutGroup(name: string, group: string): string {
  return name.startsWith(`${group}@@`) ? name.slice(group.length + 2) : name;
}
