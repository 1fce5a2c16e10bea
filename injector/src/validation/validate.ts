import { decodeObject, isMeshObjectKind } from '@lanekeeper/mesh-file/objects/decode-object';
import { lintObject } from '@lanekeeper/lint/lint-object';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { AdmissionRequest } from '../admission/decode.ts';
import type { JsonObject } from '../pod/json.ts';

/** What is answered to whoever writes an object of ours. */
export interface Validation {
  readonly result: 'allowed' | 'refused' | 'not-ours' | 'failed';
  /** All that is wrong, each with its path; empty where nothing is. */
  readonly problems: readonly ConfigProblem[];
  /** What is right and may not be meant. */
  readonly warnings: readonly string[];
  readonly cause?: unknown;
}

const NOT_OURS: Validation = { result: 'not-ours', problems: [], warnings: [] };

/** Pure: the control plane decides by the same decoder, so that what is admitted is what is in force. What fails here is let in. */
export function validate(request: AdmissionRequest): Validation {
  try {
    return validateWritten(request);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const warnings = [`it could not be checked (${why}); its status will say whether it is in force`];
    return { result: 'failed', problems: [], warnings, cause };
  }
}

function validateWritten({ operation, subResource, object, oldObject }: AdmissionRequest): Validation {
  const isWritten = operation === 'CREATE' || operation === 'UPDATE';
  if (object === undefined || !isWritten || subResource !== '') return NOT_OURS;
  if (!isMeshObjectKind(object['apiVersion'], object['kind'])) return NOT_OURS;
  const decoded = decodeObject(object);
  if ('object' in decoded) {
    const warnings = lintObject(decoded.object).map(
      ({ code, path, message, fix }) => `${code} ${path}: ${message}. ${fix}`,
    );
    return { result: 'allowed', problems: [], warnings };
  }
  if (!isStuck(object, oldObject)) return { result: 'refused', problems: decoded.problems, warnings: [] };
  return { result: 'allowed', problems: [], warnings: decoded.problems.map(describeProblem) };
}

export function describeProblem({ path, message }: ConfigProblem): string {
  return `${path}: ${message}`;
}

/**
 * An object that got in while the webhook was away must still be deleted (a finalizer is an update) and labelled: an update that
 * leaves the spec as it was makes nothing worse.
 */
function isStuck(object: JsonObject, oldObject: JsonObject | undefined): boolean {
  return oldObject !== undefined && JSON.stringify(object['spec']) === JSON.stringify(oldObject['spec']);
}
