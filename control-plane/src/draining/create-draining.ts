import type { Draining, DrainingDeps } from './draining.ts';
import { createLocalDraining } from './local-draining.ts';

/** What a cluster needs is loaded where there is one only. */
export async function createDraining({ catalog, cluster, log }: DrainingDeps): Promise<Draining> {
  if (cluster !== undefined) {
    const { drainPods } = await import('./drain-pods.ts');
    return drainPods(catalog, cluster, log);
  }
  const local = createLocalDraining({ tell: (addresses) => catalog.drain(addresses) });
  return { ...local, pods: undefined, start: () => undefined };
}
