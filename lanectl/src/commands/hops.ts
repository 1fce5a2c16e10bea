import type { Hop } from '@lanekeeper/protocol/hop';
import type { Cluster } from '../cluster/cluster.ts';
import { findPod } from '../cluster/find-pod.ts';
import { findSidecarPods } from '../cluster/sidecar-pods.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { print, type Format } from '../output/print.ts';
import type { Terminal } from '../output/terminal.ts';
import { hopTable } from './hop-rows.ts';

export interface HopsOptions {
  readonly output: Format;
  readonly lane?: string | undefined;
  readonly service?: string | undefined;
  readonly trace?: string | undefined;
  readonly status?: string | undefined;
  readonly limit: string;
}

/** What one sidecar decided, newest first. */
export async function showHops(
  cluster: Cluster,
  wanted: string,
  { output, lane, service, trace, status, limit }: HopsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const pod = findPod(await findSidecarPods(cluster.client, undefined), wanted, cluster.namespace);
  const query = queryOf({ lane, service, trace, status, limit });
  const { hops } = (await cluster.ask(pod, `/hops?${query}`)) as { readonly hops: readonly Hop[] };
  print(terminal, output, hops, () =>
    hopTable(
      hops.map((hop) => ({ pod, hop })),
      terminal,
    ),
  );
  return EXIT.fine;
}

export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return query.toString();
}
