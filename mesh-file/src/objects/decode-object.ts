import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { complain, fieldOr, fieldsOf, requiredOr, rootCursor, type Cursor, type Fields } from '../decoder.ts';
import { JSON_TREE } from '../json-tree.ts';
import { ProblemReport } from '../problem-report.ts';
import { textOf, type TextRule } from '../scalar-decoders.ts';
import { decodeGatewayConfigSpec, DEFAULT_GATEWAY_CONFIG_SPEC } from './decode-gateway-config.ts';
import { decodeLaneGroupSpec } from './decode-lane-group.ts';
import { decodeLaneSpec } from './decode-lane-spec.ts';
import { decodeMetadata } from './decode-metadata.ts';
import { decodeTrafficLabelSpec } from './decode-traffic-label-rule.ts';
import { decodeWorkloadLabelSpec } from './decode-workload-label-rule.ts';
import { LANE_OBJECT_NAME, OBJECT_NAME } from './object-rules.ts';
import { OBJECT_API, type MeshObject, type ObjectKind, type ObjectMeta } from './object-types.ts';

/** An object, or everything that is wrong with it: `spec.match[0].percent: expected …`. */
export type DecodedObject = { readonly object: MeshObject } | { readonly problems: readonly ConfigProblem[] };

/** Checks an object as an API server has it (plain JSON). The webhook, the control plane and lanectl all ask this. Never throws. */
export function decodeObject(value: unknown): DecodedObject {
  const report = new ProblemReport();
  const object = decodeObjectAt(rootCursor(value, JSON_TREE, report));
  const problems = report.problems();
  return object === undefined || problems.length > 0 ? { problems } : { object };
}

/** Whether it is of a kind that is decoded here; objects of other kinds are somebody else's. */
export function isMeshObjectKind(apiVersion: unknown, kind: unknown): kind is ObjectKind {
  return typeof kind === 'string' && isKind(kind) && OBJECT_API[kind] === apiVersion;
}

/** As {@link decodeObject}, at a place of a document; what is wrong is in the cursor's report. */
export function decodeObjectAt(cursor: Cursor): MeshObject | undefined {
  const fields = fieldsOf(cursor, { keys: ['apiVersion', 'kind', 'metadata', 'spec', 'status'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const kind = requiredOr(owner, 'kind', decodeKind, undefined);
  const apiVersion = requiredOr(owner, 'apiVersion', (at) => textOf(at), undefined);
  const nameRule = kind === 'Lane' ? LANE_OBJECT_NAME : OBJECT_NAME;
  const meta = requiredOr(owner, 'metadata', (at) => decodeMetadata(at, nameRule), undefined);
  if (kind === undefined || apiVersion === undefined) return undefined;
  if (apiVersion !== OBJECT_API[kind]) {
    complain(
      fields.get('apiVersion') ?? cursor,
      `expected ${OBJECT_API[kind]} for a ${kind}, found ${apiVersion}`,
    );
    return undefined;
  }
  // What is wrong with the spec is worth saying also where the name is wrong.
  return decodeSpec(kind, { cursor, fields }, meta ?? NAMELESS);
}

const KIND_RULE: TextRule = { expected: `one of ${Object.keys(OBJECT_API).join(', ')}`, accepts: isKind };

const NAMELESS: ObjectMeta = { name: '', namespace: '', annotations: {} };

function decodeKind(cursor: Cursor): ObjectKind | undefined {
  const kind = textOf(cursor, KIND_RULE);
  return kind !== undefined && isKind(kind) ? kind : undefined;
}

function isKind(kind: string): kind is ObjectKind {
  return Object.hasOwn(OBJECT_API, kind);
}

interface Owner {
  readonly cursor: Cursor;
  readonly fields: Fields;
}

function decodeSpec(kind: ObjectKind, owner: Owner, meta: ObjectMeta): MeshObject | undefined {
  const required = <T>(decode: (at: Cursor) => T | undefined): T | undefined =>
    requiredOr(owner, 'spec', decode, undefined);
  switch (kind) {
    case 'LaneGroup':
      return withSpec(
        required((at) => decodeLaneGroupSpec(at, meta.namespace)),
        (spec) => ({ kind, meta, spec }),
      );
    case 'Lane':
      return withSpec(
        required((at) => decodeLaneSpec(at, meta.name)),
        (spec) => ({ kind, meta, spec }),
      );
    case 'GatewayConfig': {
      const decode = (at: Cursor): typeof DEFAULT_GATEWAY_CONFIG_SPEC | undefined =>
        decodeGatewayConfigSpec(at, meta.namespace);
      return { kind, meta, spec: fieldOr(owner.fields, 'spec', decode, DEFAULT_GATEWAY_CONFIG_SPEC) };
    }
    case 'TrafficLabelRule':
      return withSpec(required(decodeTrafficLabelSpec), (spec) => ({ kind, meta, spec }));
    case 'WorkloadLabelRule':
      return withSpec(required(decodeWorkloadLabelSpec), (spec) => ({ kind, meta, spec }));
  }
}

function withSpec<T>(spec: T | undefined, make: (spec: T) => MeshObject): MeshObject | undefined {
  return spec === undefined ? undefined : make(spec);
}
