import { recordAt, type Json } from '@lanekeeper/lint/read/json';

/** The objects of a document: `kubectl get -o yaml` gives a List. */
export function itemsOf(document: unknown): readonly Json[] {
  const record = recordAt(document);
  return Array.isArray(record['items']) ? record['items'].flatMap(itemsOf) : [record];
}
