import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import { injectionWish } from '@lanekeeper/protocol/injection-wish';
import { LABELS } from '@lanekeeper/protocol/labels';
import type { NamespaceFacts } from '../decision/cluster-facts.ts';

/** One list of the API server. */
export interface Place {
  /** Absent: all of them. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

const SILENT_POD = { labels: {}, annotations: {} };

/**
 * Where pods that should have a sidecar can be: the namespaces that ask for it, and pods anywhere that do by a label. (By an
 * annotation only, in a namespace that does not: nothing can be selected by that.)
 */
export function placesToLook(namespaces: ReadonlyMap<string, NamespaceFacts>): readonly Place[] {
  const asking = [...namespaces].filter(
    ([, { labels }]) => injectionWish({ pod: SILENT_POD, namespaceLabels: labels }) === 'inject',
  );
  return [
    ...asking.map(([namespace]) => ({ namespace })),
    { labelSelector: `${LABELS.inject}=true` },
    { labelSelector: `${FOREIGN.enable}=on` },
  ];
}
