import { ANNOTATIONS, LABELS } from '@lanekeeper/protocol/labels';
import { ownText } from '../pod/json.ts';
import { FOREIGN } from '../pod/names.ts';
import type { Input } from './gather.ts';

/** What the pod and its namespace ask for. */
export type Wish = 'inject' | 'leave' | 'unsaid';

type Source = Pick<Input, 'pod' | 'namespaceFacts'>;

/** The pod's word before the namespace's, our names before foreign ones. A value that is none counts as a wish: it is refused then. */
export function wishOf({ pod, namespaceFacts }: Source): Wish {
  const inject = ownText(pod.annotations, LABELS.inject) ?? ownText(pod.labels, LABELS.inject);
  if (inject !== undefined) return inject === 'false' ? 'leave' : 'inject';
  const podWish = switchOf(ownText(pod.labels, FOREIGN.enable));
  if (podWish !== 'unsaid') return podWish;
  const injection = ownText(namespaceFacts.labels, LABELS.injection);
  if (injection !== undefined) return injection === 'enabled' ? 'inject' : 'leave';
  return switchOf(ownText(namespaceFacts.labels, FOREIGN.enable));
}

function switchOf(value: string | undefined): Wish {
  if (value === 'on') return 'inject';
  return value === 'off' ? 'leave' : 'unsaid';
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
