import { listAt, recordAt, textAt, type Json } from '@lanekeeper/lint/read/json';
import { InvalidArgumentError } from 'commander';
import type { Cluster } from '../cluster/cluster.ts';
import { findPod } from '../cluster/find-pod.ts';
import { findSidecarPods } from '../cluster/sidecar-pods.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { print, type Format } from '../output/print.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';

export interface ExplainOptions {
  readonly output: Format;
  readonly path: string;
  readonly method: string;
  /** As {@link readHeader} makes them. */
  readonly header: readonly string[];
  readonly direction?: string | undefined;
}

/** What a sidecar would do with a request; nothing is sent. `target` is a host, or a URL. */
export async function explainRequest(
  cluster: Cluster,
  { from, target }: { readonly from: string; readonly target: string },
  options: ExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const pod = findPod(await findSidecarPods(cluster.client, undefined), from, cluster.namespace);
  const answer = await cluster.ask(pod, `/explain?${explainQuery(target, options)}`);
  print(terminal, options.output, answer, () => describe(answer));
  return EXIT.fine;
}

export function explainQuery(target: string, { path, method, header, direction }: ExplainOptions): string {
  const url = /^https?:\/\//.test(target) ? new URL(target) : undefined;
  const query = new URLSearchParams({
    authority: url?.host ?? target,
    path: url === undefined ? path : `${url.pathname}${url.search}`,
    method,
  });
  if (direction !== undefined) query.set('direction', direction);
  for (const field of header) query.append('header', field);
  return query.toString();
}

/** As curl has it; as the admin port wants it. */
export function readHeader(field: string): string {
  const colon = field.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('expected name: value.');
  return `${field.slice(0, colon).trim()}:${field.slice(colon + 1).trim()}`;
}

/** The sentence first, then what it follows from; last what other lanes would have got. */
function describe(answer: unknown): string {
  const decision = recordAt(answer, 'decision');
  const { why: _, evidence, counterfactual: __, ...rest } = decision;
  const rows = Object.entries({ evidence: evidenceOf(recordAt(evidence)), ...rest })
    .filter(([, value]) => !isNothing(value))
    .map(([name, value]) => [name, cellOf(value)]);
  const others = listAt(decision, 'counterfactual')
    .map((other) => recordAt(other))
    .map((other) => [`in ${textAt(other, 'lane') ?? ''}`, textAt(other, 'why') ?? '']);
  return `${textAt(decision, 'why') ?? ''}\n\n${table(['WHAT', 'ANSWER'], [...rows, ...others])}`;
}

function evidenceOf(evidence: Json): string {
  return `${textAt(evidence, 'rung') ?? ''}: ${textAt(evidence, 'detail') ?? ''}`;
}

function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function cellOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const items = Array.isArray(value) ? value.map(cellOf) : Object.entries(value).map(entryOf);
  return items.join(Array.isArray(value) ? '; ' : ', ');
}

function entryOf([name, value]: readonly [string, unknown]): string {
  return `${name} ${cellOf(value)}`;
}
