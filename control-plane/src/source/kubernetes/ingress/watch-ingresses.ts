import { isDeepStrictEqual } from 'node:util';
import { INGRESSES, INGRESS_CLASSES } from '@lanekeeper/kubernetes/resources';
import { createTablesTeller, type TablesTeller } from '../tables-teller.ts';
import { watchOptional } from '../watch-optional.ts';
import type { WatchContext } from '../watch-table.ts';
import type { KubeIngress } from './read/kube-ingress.ts';
import { readIngress } from './read/read-ingress.ts';
import { readIngressClass, type KubeIngressClass } from './read/read-ingress-class.ts';

export interface IngressWatch extends Omit<TablesTeller, 'schedule'> {
  /** Live, by `namespace/name`. */
  readonly ingresses: ReadonlyMap<string, KubeIngress>;
  /** Live, by name. */
  readonly classes: ReadonlyMap<string, KubeIngressClass>;
}

/** `onChange`: more than the status of some object is new. */
export function watchIngresses(context: WatchContext, onChange: () => void): IngressWatch {
  const onPending = (): void => teller.schedule();
  const ingresses = watchOptional(context, { resource: INGRESSES, read: readIngress, onPending });
  const classes = watchOptional(context, { resource: INGRESS_CLASSES, read: readIngressClass, onPending });
  const teller = createTablesTeller({
    log: context.log,
    tables: () => [ingresses, classes],
    onChange() {
      const { keys, before } = ingresses.take();
      const areNew = [...keys].some((key) => !isDeepStrictEqual(before.get(key), ingresses.store.get(key)));
      if (classes.take().keys.size > 0 || areNew) onChange();
    },
  });
  const { start, synced, problems, stop } = teller;
  return { ingresses: ingresses.store, classes: classes.store, start, synced, problems, stop };
}
