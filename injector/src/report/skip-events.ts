import type { EventRecorder } from '@lanekeeper/kubernetes/events';
import type { AdmissionRequest } from '../admission/decode.ts';
import type { Answer } from '../admission/respond.ts';
import { ownerOf } from './owner.ts';

/**
 * Tells of pods that asked for a sidecar and could not get one, at what made them: a pod has no UID yet while it is admitted, and
 * perhaps no name. Refusals need none, for their controllers report the message themselves.
 */
export function createSkipEvents(
  events: Pick<EventRecorder, 'record'>,
): (request: AdmissionRequest, answer: Answer) => void {
  return ({ object, namespace, kind }, { result, reason, message, operations }) => {
    const isSkip = result === 'skipped' && operations.length > 0;
    if (!isSkip || kind !== 'Pod' || object === undefined) return;
    const owner = ownerOf(object, namespace);
    if (owner === undefined) return;
    events.record({
      regarding: owner.regarding,
      type: 'Warning',
      reason: 'NotInjected',
      action: 'Inject',
      note: `no sidecar, ${reason}: ${message}`,
    });
  };
}
