import type { ApiClient, ListOptions } from './api-client.ts';
import { isGone } from './api-error.ts';
import type { KubeObject } from './kube-object.ts';
import type { Collection } from './resources.ts';

export interface WholeList {
  readonly client: ApiClient;
  readonly place: Collection;
  readonly options: ListOptions & { readonly limit: number };
  /** A list begins, for the second time where the first one's pages ran out of time. */
  readonly onStart: () => void;
  readonly onObject: (object: KubeObject) => void;
}

/**
 * Reads a collection page by page, so that never more than one page of raw objects is held, and resolves to the version that all
 * pages show. When they expire half-way (410) it starts again and asks for everything at once, as client-go does.
 */
export async function listAll(list: WholeList): Promise<string> {
  try {
    return await readPages(list, list.options);
  } catch (error) {
    if (!isGone(error)) throw error;
    const { limit: _, ...whole } = list.options;
    return readPages(list, whole);
  }
}

async function readPages(list: WholeList, options: ListOptions): Promise<string> {
  list.onStart();
  let page = await list.client.list(list.place, options);
  for (;;) {
    for (const item of page.items) list.onObject(item);
    if (page.continueToken === '') return page.resourceVersion;
    page = await list.client.list(list.place, { ...options, continueToken: page.continueToken });
  }
}
