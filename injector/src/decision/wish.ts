import { injectionWish, type Wish } from '@lanekeeper/protocol/injection-wish';
import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { ownText } from '../pod/json.ts';
import type { Input } from './gather.ts';

type Source = Pick<Input, 'pod' | 'namespaceFacts'>;

/** What the pod and its namespace ask for. */
export function wishOf({ pod, namespaceFacts }: Source): Wish {
  return injectionWish({ pod, namespaceLabels: namespaceFacts.labels });
}

export const CAPTURES = ['redirect', 'none'] as const;

export type Capture = (typeof CAPTURES)[number];

/** How the sidecar gets the pod's traffic; the pod's word before the namespace's. */
export function captureOf({ pod, namespaceFacts }: Source): Capture {
  const value =
    ownText(pod.annotations, ANNOTATIONS.capture) ??
    ownText(namespaceFacts.annotations, ANNOTATIONS.capture) ??
    ownText(namespaceFacts.labels, ANNOTATIONS.capture);
  return value === 'none' ? 'none' : 'redirect';
}
