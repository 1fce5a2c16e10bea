import { FOREIGN } from './foreign-names.ts';
import { LABELS } from './labels.ts';

/** What a pod and its namespace ask for. */
export type Wish = 'inject' | 'leave' | 'unsaid';

type Texts = Readonly<Record<string, string>>;

export interface WishSources {
  readonly pod: { readonly labels: Texts; readonly annotations: Texts };
  readonly namespaceLabels: Texts;
}

/** The pod's word before the namespace's, our names before foreign ones. A value that is none counts as a wish: it is refused at admission. */
export function injectionWish({ pod, namespaceLabels }: WishSources): Wish {
  const inject = pod.annotations[LABELS.inject] ?? pod.labels[LABELS.inject];
  if (inject !== undefined) return inject === 'false' ? 'leave' : 'inject';
  const podWish = switchOf(pod.labels[FOREIGN.enable]);
  if (podWish !== 'unsaid') return podWish;
  const injection = namespaceLabels[LABELS.injection];
  if (injection !== undefined) return injection === 'enabled' ? 'inject' : 'leave';
  return switchOf(namespaceLabels[FOREIGN.enable]);
}

function switchOf(value: string | undefined): Wish {
  if (value === 'on') return 'inject';
  return value === 'off' ? 'leave' : 'unsaid';
}
