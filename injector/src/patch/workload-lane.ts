import { ANNOTATIONS, LABELS } from '@lanekeeper/protocol/labels';
import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { LANE } from '../decision/settings.ts';
import { show } from '../decision/show.ts';
import { objectAt, ownText, textsAt, type JsonObject } from '../pod/json.ts';
import type { Edit } from './edits.ts';

export interface WorkloadLane {
  readonly result: 'lane-copied' | 'lane-removed' | 'nothing-to-do';
  readonly edits: readonly Edit[];
  readonly problems: readonly ConfigProblem[];
}

const TEMPLATE_LABELS = ['spec', 'template', 'metadata', 'labels'];
const NOTHING: WorkloadLane = { result: 'nothing-to-do', edits: [], problems: [] };

/**
 * Copies the lane of a workload's annotation into its pod template, and takes it out when the annotation goes. What was copied is
 * remembered in an annotation, so that a label which people wrote into the template themselves is never taken away; where the two
 * disagree the workload is refused, for either choice could send users to the wrong lane. Throws ShapeError.
 */
export function workloadLane(object: JsonObject): WorkloadLane {
  const { annotations, templateLabels } = readNames(object);
  const wanted = wantedLane(annotations);
  const copied = ownText(annotations, ANNOTATIONS.copiedLane);
  const present = ownText(templateLabels, LABELS.lane);
  if (wanted !== undefined && !isLaneName(wanted)) return refusedFor(wanted, LANE.expected);
  if (wanted === undefined) return copied === undefined ? NOTHING : takeOut(copied, present);
  if (present === wanted) return NOTHING;
  if (present !== undefined && present !== copied) {
    return refusedFor(
      wanted,
      `the template’s own label ${LABELS.lane}=${show(present)}, or no such label there`,
    );
  }
  return {
    result: 'lane-copied',
    edits: [
      { kind: 'set', path: TEMPLATE_LABELS, key: LABELS.lane, value: wanted },
      { kind: 'set', path: ['metadata', 'annotations'], key: ANNOTATIONS.copiedLane, value: wanted },
    ],
    problems: [],
  };
}

function takeOut(copied: string, present: string | undefined): WorkloadLane {
  const forget: Edit = { kind: 'drop', path: ['metadata', 'annotations'], key: ANNOTATIONS.copiedLane };
  const remove: Edit = { kind: 'drop', path: TEMPLATE_LABELS, key: LABELS.lane };
  const isOurs = present === copied;
  return { result: 'lane-removed', edits: isOurs ? [remove, forget] : [forget], problems: [] };
}

/** Undefined: the baseline, also where it is named; no pod is labelled with it. */
function wantedLane(annotations: Readonly<Record<string, string>>): string | undefined {
  const lane = ownText(annotations, LABELS.lane)?.trim() ?? '';
  return lane === '' || lane === BASELINE ? undefined : lane;
}

function refusedFor(found: string, expected: string): WorkloadLane {
  const path = `metadata.annotations["${LABELS.lane}"]`;
  const message = `expected ${expected}, found ${show(found)}`;
  return { result: 'nothing-to-do', edits: [], problems: [{ path, message }] };
}

interface WorkloadNames {
  readonly annotations: Readonly<Record<string, string>>;
  readonly templateLabels: Readonly<Record<string, string>>;
}

function readNames(object: JsonObject): WorkloadNames {
  const metadata = objectAt(object['metadata'], 'metadata');
  const template = objectAt(objectAt(object['spec'], 'spec')['template'], 'spec.template');
  const templateMetadata = objectAt(template['metadata'], 'spec.template.metadata');
  return {
    annotations: textsAt(metadata['annotations'], 'metadata.annotations'),
    templateLabels: textsAt(templateMetadata['labels'], 'spec.template.metadata.labels'),
  };
}
