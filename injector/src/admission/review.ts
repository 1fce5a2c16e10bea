import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { isNoCreation } from '../decision/checks.ts';
import { decide } from '../decision/decide.ts';
import { FactsError, gather, type GatherContext, type Input } from '../decision/gather.ts';
import { readSettings } from '../decision/settings.ts';
import { followUp } from '../patch/follow-up.ts';
import { injectPod } from '../patch/inject-pod.ts';
import { toOperations } from '../patch/json-patch.ts';
import { skipMessage, skipStatus, writeStatus } from '../patch/status.ts';
import type { SidecarTemplate } from '../patch/template.ts';
import { workloadLane } from '../patch/workload-lane.ts';
import { objectAt, ShapeError, textsAt, type JsonObject } from '../pod/json.ts';
import type { AdmissionRequest } from './decode.ts';
import { failed, patched, refused, skipped, type Answer } from './respond.ts';

export interface ReviewContext extends GatherContext {
  /** Asked for each pod: the CA that sidecars trust is rotated. */
  readonly template: () => SidecarTemplate;
}

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** Answers one request. Never rejects: what we cannot handle is admitted as it is, with the reason. */
export async function review(request: AdmissionRequest, context: ReviewContext): Promise<Answer> {
  try {
    if (request.group === '' && request.kind === 'Pod') return await reviewPod(request, context);
    if (request.group === 'apps' && WORKLOADS.has(request.kind)) return reviewWorkload(request, context);
    return skipped('not-ours');
  } catch (error) {
    if (error instanceof FactsError) return failed('facts-unavailable', error);
    const isShape = error instanceof ShapeError || error instanceof RangeError;
    return failed(isShape ? 'malformed-object' : 'internal-error', error);
  }
}

async function reviewPod(request: AdmissionRequest, context: ReviewContext): Promise<Answer> {
  const late = isNoCreation(request);
  if (late !== undefined) return skipped(late.reason, skipMessage(late));
  const input = await gather(request, context);
  const decision = decide(input);
  switch (decision.kind) {
    case 'untouched':
      return decision.skip.reason === 'already-injected'
        ? lookAgain(input, context.template())
        : skipped(decision.skip.reason, skipMessage(decision.skip));
    case 'refused':
      return refused(decision.problems);
    case 'marked': {
      const operations = toOperations(input.object, [writeStatus(skipStatus(decision.skip))]);
      return patched('skipped', decision.skip.reason, { operations, message: skipMessage(decision.skip) });
    }
    case 'injected': {
      const edits = injectPod(input.pod, decision.plan, context.template());
      return patched('injected', 'injected', { operations: toOperations(input.object, edits) });
    }
  }
}

/** Another webhook has changed the pod after us, or the API server has filled our containers in. */
function lookAgain({ object, pod }: Input, { probes }: SidecarTemplate): Answer {
  const edits = probes === 'rewrite' ? followUp(pod) : [];
  if (edits.length === 0) return skipped('already-injected');
  return patched('changed', 'already-injected', { operations: toOperations(object, edits) });
}

function reviewWorkload(request: AdmissionRequest, { ownNamespace }: ReviewContext): Answer {
  const { object, operation, subResource } = request;
  if (object === undefined || subResource !== '') return skipped('nothing-to-do');
  if (operation !== 'CREATE' && operation !== 'UPDATE') return skipped('nothing-to-do');
  if (['kube-system', ownNamespace].includes(request.namespace)) return skipped('protected-namespace');
  const lane = workloadLane(object);
  const problems = newProblems([...lane.problems, ...templateProblems(object)], request.oldObject);
  if (problems.length > 0) return refused(problems);
  if (lane.edits.length === 0) return skipped('nothing-to-do');
  return patched('changed', lane.result, { operations: toOperations(object, lane.edits) });
}

/** The pods would be refused later, where nobody looks; the workload is refused now. */
function templateProblems(object: JsonObject): readonly ConfigProblem[] {
  const template = objectAt(objectAt(object['spec'], 'spec')['template'], 'spec.template');
  const metadata = objectAt(template['metadata'], 'spec.template.metadata');
  const { problems } = readSettings({
    labels: textsAt(metadata['labels'], 'spec.template.metadata.labels'),
    annotations: textsAt(metadata['annotations'], 'spec.template.metadata.annotations'),
  });
  return problems.map(({ path, message }) => ({ path: `spec.template.${path}`, message }));
}

/** A mistake that stood there before does not stop an update that has nothing to do with it, by a controller say. */
function newProblems(
  problems: readonly ConfigProblem[],
  before: JsonObject | undefined,
): readonly ConfigProblem[] {
  if (problems.length === 0 || before === undefined) return problems;
  const known = new Set(
    [...workloadLane(before).problems, ...templateProblems(before)].map(
      ({ path, message }) => path + message,
    ),
  );
  return problems.filter(({ path, message }) => !known.has(path + message));
}
