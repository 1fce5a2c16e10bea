import type { InterestKey, Update } from '@lanekeeper/protocol/discovery';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { readPart } from './decode-part.ts';
import { decodeService } from './decode-service.ts';
import { fieldOr, fieldsOf, listOf, requiredOr, rootCursor, type Cursor } from './decoder.ts';
import { decodeEdge } from './edge/decode-edge.ts';
import type { EdgeMemo } from './edge/edge-memo.ts';
import { JSON_TREE } from './json-tree.ts';
import { ProblemReport } from './problem-report.ts';
import { textOf } from './scalar-decoders.ts';
import { LANE_NAME } from './text-rules.ts';

export type DecodedUpdate =
  | { readonly update: Update }
  /** `nonce` is empty where not even that could be read. */
  | { readonly nonce: string; readonly problems: readonly ConfigProblem[] };

/**
 * Checks what a control plane sent. Each value must be whole by itself; what one part says of another is the control plane's to
 * know, for a sidecar sees a piece of the mesh only. Keys of a later version are ignored. Never throws.
 * With the same `memo` for one update after the other, what is as before of an edge is not checked again.
 */
export function decodeUpdate(value: unknown, memo?: EdgeMemo): DecodedUpdate {
  const report = new ProblemReport('ignored');
  const update = readUpdate(rootCursor(value, JSON_TREE, report), memo);
  const problems = report.problems();
  if (update !== undefined && problems.length === 0) return { update };
  return { nonce: update?.nonce ?? '', problems };
}

function readUpdate(cursor: Cursor, memo: EdgeMemo | undefined): Update | undefined {
  const keys = ['nonce', 'mesh', 'edge', 'services', 'removed', 'answered', 'zone', 'lane'];
  const fields = fieldsOf(cursor, { keys });
  if (fields === undefined) return undefined;
  const mesh = fieldOr(fields, 'mesh', (at) => readVersioned(at, (part) => readPart(part)), undefined);
  const edge = fieldOr(
    fields,
    'edge',
    (at) => readVersioned(at, (edge) => decodeEdge(edge, memo)),
    undefined,
  );
  const zone = fieldOr(fields, 'zone', textOf, undefined);
  const lane = fieldOr(fields, 'lane', (at) => textOf(at, LANE_NAME), undefined);
  return {
    kind: 'update',
    nonce: requiredOr({ cursor, fields }, 'nonce', textOf, ''),
    ...(mesh === undefined ? {} : { mesh }),
    ...(edge === undefined ? {} : { edge }),
    services: listOf(fields.get('services'), readService),
    removed: listOf(fields.get('removed'), textOf),
    answered: listOf(fields.get('answered'), readKey),
    ...(zone === undefined ? {} : { zone }),
    ...(lane === undefined ? {} : { lane }),
  };
}

function readService(cursor: Cursor): Update['services'][number] | undefined {
  const versioned = readVersioned(cursor, (at) =>
    decodeService(at, { origins: new Map(), fillsPorts: false }),
  );
  const fields = fieldsOf(cursor, { keys: ['id'] });
  if (versioned === undefined || fields === undefined) return undefined;
  return { id: requiredOr({ cursor, fields }, 'id', textOf, ''), ...versioned };
}

function readVersioned<T>(
  cursor: Cursor,
  decode: (at: Cursor) => T | undefined,
): { readonly version: string; readonly value: T } | undefined {
  const fields = fieldsOf(cursor, { keys: ['version', 'value'] });
  if (fields === undefined) return undefined;
  const version = requiredOr({ cursor, fields }, 'version', textOf, '');
  const value = requiredOr({ cursor, fields }, 'value', decode, undefined);
  return value === undefined ? undefined : { version, value };
}

function readKey(cursor: Cursor): InterestKey | undefined {
  const text = textOf(cursor, { expected: 'host:<name> or ip:<address>', accepts: isKey });
  return text !== undefined && isKey(text) ? text : undefined;
}

function isKey(text: string): text is InterestKey {
  return text.startsWith('host:') || text.startsWith('ip:');
}
