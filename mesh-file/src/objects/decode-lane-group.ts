import type { EvidenceConfig } from '@lanekeeper/protocol/model';
import { DEFAULT_EVIDENCE, decodeEvidence, decodeMode } from '../decode-settings.ts';
import { complain, down, fieldOr, fieldsOf, listOf, mismatch, requiredOr, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { NAME, SERVICE_NAME } from '../text-rules.ts';
import { LIMITS, refuseMore } from './limits.ts';
import type { GroupMember, LaneGroupSpec } from './object-types.ts';

/** `namespace` is the object's own, which members without one are of. */
export function decodeLaneGroupSpec(cursor: Cursor, namespace: string): LaneGroupSpec | undefined {
  const fields = fieldsOf(cursor, { keys: ['services', 'mode', 'evidence'] });
  if (fields === undefined) return undefined;
  const services = (at: Cursor): readonly GroupMember[] => decodeMembers(at, namespace);
  const mode = fieldOr(fields, 'mode', decodeMode, undefined);
  return {
    services: requiredOr({ cursor, fields }, 'services', services, []),
    ...(mode === undefined ? {} : { mode }),
    evidence: fieldOr(fields, 'evidence', decodeEvidenceGiven, {}),
  };
}

function decodeMembers(cursor: Cursor, namespace: string): readonly GroupMember[] {
  refuseMore(cursor, LIMITS.members);
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'list' && node.items.length === 0) mismatch(cursor, 'at least one service');
  const seen = new Map<string, number>();
  return listOf(cursor, (item) => {
    const member = decodeMember(item, namespace);
    if (member === undefined) return undefined;
    const id = `${member.namespace}/${member.name}`;
    const first = seen.get(id);
    if (first === undefined) seen.set(id, Number(item.step));
    else complain(item, `service ${id} is already at services[${first}]; keep one`);
    return member;
  });
}

function decodeMember(cursor: Cursor, ownNamespace: string): GroupMember | undefined {
  const fields = fieldsOf(cursor, { keys: ['name', 'namespace', 'registry'] });
  if (fields === undefined) return undefined;
  const name = requiredOr({ cursor, fields }, 'name', (at) => textOf(at, SERVICE_NAME), undefined);
  const namespace = fieldOr(fields, 'namespace', (at) => textOf(at, NAME), ownNamespace);
  const registry = fieldOr(fields, 'registry', (at) => textOf(at, NAME), undefined);
  if (name === undefined) return undefined;
  return { name, namespace, ...(registry === undefined ? {} : { registry }) };
}

function decodeEvidenceGiven(cursor: Cursor): Partial<EvidenceConfig> {
  const whole = decodeEvidence(cursor, DEFAULT_EVIDENCE);
  const isGiven = (key: string): boolean => down(cursor, key) !== cursor;
  return {
    ...(isGiven('trace') ? { trace: whole.trace } : {}),
    ...(isGiven('inFlight') ? { inFlight: whole.inFlight } : {}),
    ...(isGiven('bridge') ? { bridge: whole.bridge } : {}),
  };
}
