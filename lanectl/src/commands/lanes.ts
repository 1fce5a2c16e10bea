import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { listAt, numberAt, recordAt, textAt } from '@lanekeeper/lint/read/json';
import { LANES } from '../cluster/lane-resources.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { listObjects } from '../cluster/list-objects.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { Failure } from '../output/failure.ts';
import { print, type Format } from '../output/print.ts';
import { table } from '../output/table.ts';
import { paint, type Terminal } from '../output/terminal.ts';

/** One lane, as its object says. */
interface LaneRow {
  readonly namespace: string;
  readonly name: string;
  readonly group: string;
  readonly priority: number;
  readonly ready: string;
  readonly reason: string;
  readonly acknowledged: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
  /** Codes, or sentences. */
  readonly warnings: readonly string[];
}

export interface LanesOptions {
  readonly output: Format;
  /** Undefined: of all namespaces. */
  readonly within: string | undefined;
}

export async function showLanes(
  cluster: Cluster,
  { output, within }: LanesOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const lanes = (await listLanes(cluster, within)).map(laneRow);
  print(terminal, output, lanes, () => laneTable(lanes, terminal));
  return lanes.some(({ ready, warnings }) => ready !== 'True' || warnings.length > 0)
    ? EXIT.found
    : EXIT.fine;
}

async function listLanes({ client }: Cluster, namespace: string | undefined): Promise<readonly KubeObject[]> {
  try {
    return await listObjects(client, LANES, { namespace });
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new Failure('this cluster has no Lanes: the custom resources of Lanekeeper are not installed', {
      cause,
      next: 'helm upgrade --install lanekeeper helm/lanekeeper --namespace lanekeeper-system --set crds.enabled=true',
    });
  }
}

function laneRow(object: KubeObject): LaneRow {
  const { name, namespace = '' } = object.metadata;
  const [spec, status] = [recordAt(object, 'spec'), recordAt(object, 'status')];
  const conditions = listAt(status, 'conditions').map((condition) => recordAt(condition));
  const ready = conditions.find(({ type }) => type === 'Ready') ?? {};
  return {
    ...{ namespace, name, group: textAt(spec, 'group') ?? '' },
    priority: numberAt(spec, 'priority') ?? 0,
    ready: textAt(ready, 'status') ?? 'Unknown',
    reason: textAt(ready, 'reason') ?? '',
    acknowledged: textAt(status, 'acknowledged') ?? '-',
    endpoints: recordAt(status, 'endpoints'),
    warnings: listAt(status, 'warnings').map((warning) =>
      typeof warning === 'string' ? warning : (textAt(recordAt(warning), 'code') ?? ''),
    ),
  };
}

function laneTable(lanes: readonly LaneRow[], terminal: Terminal): string {
  if (lanes.length === 0) return 'no lanes\n';
  const rows = lanes.map((lane) => [
    lane.namespace,
    lane.name,
    lane.group,
    String(lane.priority),
    lane.ready === 'True'
      ? paint(terminal, 'green', lane.ready)
      : paint(terminal, 'red', `${lane.ready} ${lane.reason}`.trim()),
    lane.acknowledged,
    Object.entries(lane.endpoints)
      .map(([service, count]) => `${service} ${String(count)}`)
      .join(', ') || '-',
    lane.warnings.length === 0 ? '-' : paint(terminal, 'yellow', lane.warnings.join(' ')),
  ]);
  return table(
    ['NAMESPACE', 'LANE', 'GROUP', 'PRIORITY', 'READY', 'ACKNOWLEDGED', 'ENDPOINTS', 'WARNINGS'],
    rows,
  );
}
