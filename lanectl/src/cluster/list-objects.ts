import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { listAll } from '@lanekeeper/kubernetes/list-all';
import type { Resource } from '@lanekeeper/kubernetes/resources';

export interface ListedWhere {
  /** Undefined: all namespaces, or a kind that has none. */
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

const PAGE = 500;

/** All objects of a kind, each with its kind, which lists leave out. Rejects with an ApiError as the client does. */
export async function listObjects(
  client: ApiClient,
  resource: Resource,
  { namespace, ...selectors }: ListedWhere,
): Promise<readonly KubeObject[]> {
  const { group, version, kind } = resource;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  let objects: KubeObject[] = [];
  await listAll({
    client,
    place: { resource, ...(namespace === undefined ? {} : { namespace }) },
    options: { limit: PAGE, ...selectors },
    onStart: () => (objects = []),
    onObject: (object) => void objects.push({ ...object, apiVersion, kind }),
  });
  return objects;
}
