import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import { injectionWish } from '@lanekeeper/protocol/injection-wish';
import { ANNOTATIONS, LABELS } from '@lanekeeper/protocol/labels';
import { isOtherMesh } from '@lanekeeper/protocol/other-meshes';
import type { LintWorkload, Texts } from '../world.ts';
import { listAt, numberAt, recordAt, textAt, textsAt, type Json } from './json.ts';

/** Where the pod of each kind stands. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

const JOBS: readonly unknown[] = ['Job', 'CronJob'];

/** Its lane may be an annotation on the workload, which the webhook copies into its pods. */
const TAKES_LANE: readonly unknown[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

export function isWorkload(document: Json): boolean {
  const kind = textAt(document, 'kind');
  return kind !== undefined && Object.hasOwn(TEMPLATES, kind);
}

/** `namespaceLabels`: of its namespace; undefined where that is not known. */
export function readWorkload(document: Json, namespaceLabels: Texts | undefined): LintWorkload {
  const kind = textAt(document, 'kind') ?? '';
  const metadata = recordAt(document, 'metadata');
  const namespace = textAt(metadata, 'namespace') ?? 'default';
  const pod = recordAt(document, ...(TEMPLATES[kind] ?? []));
  const ownAnnotations = textsAt(metadata, 'annotations');
  const copied = TAKES_LANE.includes(kind) ? ownAnnotations[LABELS.lane] : undefined;
  const labels = {
    ...textsAt(pod, 'metadata', 'labels'),
    ...(copied === undefined ? {} : { [LABELS.lane]: copied }),
  };
  const annotations = textsAt(pod, 'metadata', 'annotations');
  const containers = ['initContainers', 'containers'].flatMap((key) => listAt(recordAt(pod, 'spec'), key));
  const laneFromEnv = containers.map(laneOf).find((lane) => lane !== undefined);
  const otherMesh = containers.map(containerOf).find(isOtherMesh)?.name;
  const replicas = numberAt(recordAt(document, 'spec'), 'replicas');
  const injection = injectionOf(
    { labels, annotations, hasRun: kind === 'Pod' && 'uid' in metadata },
    namespaceLabels,
  );
  return {
    object: `${kind} ${namespace}/${textAt(metadata, 'name') ?? ''}`,
    namespace,
    labels,
    annotations,
    ownAnnotations,
    ...(laneFromEnv === undefined ? {} : { laneFromEnv }),
    ...(injection === undefined ? {} : { injection }),
    isJob:
      JOBS.includes(kind) ||
      listAt(metadata, 'ownerReferences').some((owner) => recordAt(owner)['kind'] === 'Job'),
    ...(otherMesh === undefined ? {} : { otherMesh }),
    ...(replicas === undefined ? {} : { replicas }),
  };
}

/** Of one that runs the webhook has said it; of a manifest it is what would be done. */
function injectionOf(
  pod: { readonly labels: Texts; readonly annotations: Texts; readonly hasRun: boolean },
  namespaceLabels: Texts | undefined,
): LintWorkload['injection'] {
  const status = pod.annotations[ANNOTATIONS.status];
  if (status !== undefined) return statusOf(status);
  const wish = injectionWish({ pod, namespaceLabels: namespaceLabels ?? {} });
  if (wish === 'inject' && pod.hasRun)
    return { isInjected: false, reason: 'it came while no injector answered' };
  if (wish === 'inject') return { isInjected: true, reason: 'injected' };
  if (wish === 'leave') return { isInjected: false, reason: 'it or its namespace opts out' };
  return namespaceLabels === undefined
    ? undefined
    : { isInjected: false, reason: 'neither it nor its namespace asks for injection' };
}

function statusOf(text: string): LintWorkload['injection'] {
  const status = recordAt(parse(text));
  if (textAt(status, 'result') === 'injected') return { isInjected: true, reason: 'injected' };
  const reason = textAt(status, 'reason') ?? `its annotation ${ANNOTATIONS.status} says nothing of it`;
  return { isInjected: false, reason };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Somebody else has written it; then it says nothing of injection.
    return undefined;
  }
}

function containerOf(container: unknown): { readonly name: string; readonly image: string } {
  const record = recordAt(container);
  return { name: textAt(record, 'name') ?? '', image: textAt(record, 'image') ?? '' };
}

function laneOf(container: unknown): string | undefined {
  const variables = listAt(recordAt(container), 'env').map((variable) => recordAt(variable));
  const found = variables.find((variable) => variable['name'] === FOREIGN.openSergoLane);
  return found === undefined ? undefined : textAt(found, 'value');
}
