import type { Hop } from '@lanekeeper/protocol/hop';
import { askAll } from '../cluster/ask-all.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { findSidecarPods } from '../cluster/sidecar-pods.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { Failure } from '../output/failure.ts';
import { print, type Format } from '../output/print.ts';
import type { Terminal } from '../output/terminal.ts';
import { hopTable, type SeenHop } from './hop-rows.ts';
import { queryOf } from './hops.ts';
import { joinChain } from './join-chain.ts';

export interface TraceOptions {
  readonly output: Format;
  /** Undefined: sidecars of all namespaces are asked. */
  readonly within: string | undefined;
}

/** One request's way through all sidecars that have seen it. */
export async function showTrace(
  cluster: Cluster,
  id: string,
  { output, within }: TraceOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const pods = await findSidecarPods(cluster.client, within);
  const { answers, failures } = await askAll(cluster, pods, `/hops?${queryOf({ trace: id, limit: '1000' })}`);
  for (const failure of failures) terminal.err(`not asked: ${failure}\n`);
  const hops = answers.flatMap(({ pod, answer }): readonly SeenHop[] =>
    (answer as { readonly hops: readonly Hop[] }).hops.map((hop) => ({ pod, hop })),
  );
  if (hops.length === 0) {
    throw new Failure(`none of ${answers.length} sidecars remembers the trace ${id}`, {
      next: 'sidecars keep their last 2,000 requests; send the request again, and look at once',
    });
  }
  const chain = joinChain(hops);
  print(terminal, output, chain, () => hopTable(chain, terminal));
  return chain.some(({ hop }) => isAstray(hop)) ? EXIT.found : EXIT.fine;
}

/** It failed, or it left its lane where the lane has something. */
function isAstray({ error, fallback }: Hop): boolean {
  return error !== null || (fallback !== null && fallback.reason !== 'service-not-in-lane');
}
