import type { StickyKey } from '@lanekeeper/protocol/model';
import { canaryLanes } from './canary-lanes.ts';
import type { Manifest, Note } from './conversion.ts';
import { givenEntry, newEntry } from './gateway.ts';
import { httpRoutes } from './http-routes.ts';
import { itemsOf } from './items.ts';
import { isIngress, readIngress } from './ingress.ts';
import { findServices } from './services.ts';

export interface ConvertOptions {
  /** `name` or `namespace/name`; undefined: one is made in each namespace. */
  readonly gateway: string | undefined;
  /** What percentages hash. */
  readonly key: StickyKey | undefined;
}

export interface Converted {
  readonly objects: readonly Manifest[];
  /** What is not as it was, in the order of the Ingresses. */
  readonly notes: readonly Note[];
}

/** Ingresses with their canaries as Gateways, HTTPRoutes, LaneGroups and Lanes. Of other documents only Services are looked at. */
export function convertIngresses(documents: readonly unknown[], { gateway, key }: ConvertOptions): Converted {
  const all = documents.flatMap(itemsOf);
  const notes: Note[] = [];
  const tell = (note: Note): void => {
    const isTold = notes.some(({ object, message }) => object === note.object && message === note.message);
    if (!isTold) notes.push(note);
  };
  const find = findServices(all);
  const ingresses = all.filter(isIngress).map((document) => readIngress(document, tell));
  const namespaces = [...new Set(ingresses.map(({ namespace }) => namespace))];
  const objects = namespaces.flatMap((namespace) => {
    const own = ingresses.filter((ingress) => ingress.namespace === namespace);
    const mains = own.filter(({ settings }) => settings.canary === undefined);
    const entry = gateway === undefined ? newEntry(namespace, mains, tell) : givenEntry(gateway, mains, tell);
    return [
      ...(entry.gateway === undefined ? [] : [entry.gateway]),
      ...mains.flatMap((main) => httpRoutes(main, { entry, find, tell })),
      ...canaryLanes(namespace, own, { find, tell, key }),
    ];
  });
  return { objects, notes };
}
