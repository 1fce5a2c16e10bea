import type { Cluster } from './cluster.ts';
import { nameOf, type SidecarPod } from './sidecar-pods.ts';

export interface AskedPods {
  readonly answers: readonly { readonly pod: SidecarPod; readonly answer: unknown }[];
  /** Sidecars that could not be asked, as sentences. */
  readonly failures: readonly string[];
}

/** So many at a time: the API server carries each of them. */
const AT_ONCE = 16;

export async function askAll(
  cluster: Pick<Cluster, 'ask'>,
  pods: readonly SidecarPod[],
  path: string,
): Promise<AskedPods> {
  const answers: { pod: SidecarPod; answer: unknown }[] = [];
  const failures: string[] = [];
  const waiting = [...pods];
  const work = async (): Promise<void> => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) {
      try {
        answers.push({ pod, answer: await cluster.ask(pod, path) });
      } catch (error) {
        failures.push(`${nameOf(pod)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { answers, failures };
}
