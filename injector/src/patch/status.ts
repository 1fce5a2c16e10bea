import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Skip } from '../decision/checks.ts';
import type { Plan } from '../decision/decide.ts';
import { sentenceOf } from '../decision/reasons.ts';
import type { Edit } from './edits.ts';

/** What the status annotation of an injected pod says: JSON, one line. */
export function statusOf({ identity, capture }: Plan, notes: readonly string[]): string {
  return JSON.stringify({
    result: 'injected',
    capture,
    lane: identity.lane ?? BASELINE,
    ...(identity.app === undefined ? {} : { app: identity.app }),
    ...(notes.length === 0 ? {} : { notes }),
  });
}

/** What it says of a pod that could not be injected. */
export function skipStatus(skip: Skip): string {
  return JSON.stringify({ result: 'skipped', reason: skip.reason, message: skipMessage(skip) });
}

export function skipMessage({ reason, detail }: Skip): string {
  return detail === undefined ? sentenceOf(reason) : `${sentenceOf(reason)} (${detail})`;
}

export function writeStatus(value: string): Edit {
  return { kind: 'set', path: ['metadata', 'annotations'], key: ANNOTATIONS.status, value };
}
