import { isDeepStrictEqual } from 'node:util';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import { decodeObject } from '@lanekeeper/mesh-file/objects/decode-object';
import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { KubeDocument } from '../read/read-document.ts';

/** An object that somebody has declared, and what of it is in force. */
export interface DeclaredObject {
  readonly resource: Resource;
  /** As it stands there now. */
  readonly document: KubeDocument;
  /** The object itself, or the last of its generations that could be in force; undefined: nothing of it is. */
  readonly inForce: InForce | undefined;
  /** Why the object as it stands there cannot be in force; empty: it can. */
  readonly problems: readonly ConfigProblem[];
}

export interface InForce {
  readonly object: MeshObject;
  /** As it was written. */
  readonly spec: unknown;
}

/** Reads an object anew. What cannot be in force leaves in force what was, or what its status says was. */
export function declare(
  resource: Resource,
  document: KubeDocument,
  before: DeclaredObject | undefined,
): DeclaredObject {
  if (before !== undefined && isSameWord(before.document, document)) return { ...before, document };
  const { spec } = document;
  const decoded = decodeObject(asWritten(document, spec, document.metadata.generation));
  if ('object' in decoded) {
    return { resource, document, inForce: { object: decoded.object, spec }, problems: [] };
  }
  // One of the same name that was deleted meanwhile is another object.
  const isSame = before?.document.metadata.uid === document.metadata.uid;
  const inForce = (isSame ? before?.inForce : undefined) ?? lastGood(document);
  return { resource, document, inForce, problems: decoded.problems };
}

/** Whether nothing is different but what we write ourselves. */
function isSameWord(a: KubeDocument, b: KubeDocument): boolean {
  return isDeepStrictEqual(a.metadata, b.metadata) && isDeepStrictEqual(a.spec, b.spec);
}

function asWritten({ apiVersion, kind, metadata }: KubeDocument, spec: unknown, generation: number): unknown {
  const { isTerminating, ...meta } = metadata;
  return {
    ...{ apiVersion, kind, spec },
    metadata: {
      ...{ ...meta, generation },
      ...(isTerminating ? { deletionTimestamp: meta.creationTimestamp } : {}),
    },
  };
}

/**
 * For the status of an object that cannot be in force as it stands, so that a restart does not take away what is; undefined: it
 * can, or nothing of it is in force. The spec is text, so that nobody merges into it.
 */
export function keptGeneration({
  inForce,
  problems,
}: DeclaredObject): { readonly generation: number; readonly spec: string } | undefined {
  if (problems.length === 0 || inForce === undefined) return undefined;
  return { generation: inForce.object.meta.generation ?? 0, spec: JSON.stringify(inForce.spec) };
}

/** Checked again: anybody may have written it who may write the status. */
function lastGood(document: KubeDocument): InForce | undefined {
  const { generation, spec: text } = fieldsOf(fieldsOf(document.status)['inForce']);
  if (typeof generation !== 'number' || typeof text !== 'string') return undefined;
  const spec = parse(text);
  const decoded = decodeObject(asWritten(document, spec, generation));
  return 'object' in decoded ? { object: decoded.object, spec } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
