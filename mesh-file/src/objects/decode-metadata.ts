import { entriesOf, requiredOr, type Cursor, type Fields } from '../decoder.ts';
import { textOf, type TextRule } from '../scalar-decoders.ts';
import { DEFAULT_NAMESPACE } from '../service-name.ts';
import { NAME } from '../text-rules.ts';
import type { ObjectMeta } from './object-types.ts';

/** Of metadata only what is of use is read; the rest is Kubernetes' own to check. */
export function decodeMetadata(cursor: Cursor, nameRule: TextRule): ObjectMeta | undefined {
  const fields = entriesOf(cursor, 'a mapping with name and namespace');
  if (fields === undefined) return undefined;
  const name = requiredOr({ cursor, fields }, 'name', (at) => textOf(at, nameRule), undefined);
  const namespaceAt = fields.get('namespace');
  const namespace = namespaceAt === undefined ? DEFAULT_NAMESPACE : textOf(namespaceAt, NAME);
  if (name === undefined || namespace === undefined) return undefined;
  return { name, namespace, annotations: textsOf(fields.get('annotations')), ...serverFields(fields) };
}

/** Values that are no text are left out: kubectl refuses them, and nothing here is decided by them. */
function textsOf(cursor: Cursor | undefined): Readonly<Record<string, string>> {
  if (cursor === undefined) return {};
  const entries = entriesOf(cursor, 'a mapping of name to text') ?? new Map<string, Cursor>();
  return Object.fromEntries(
    [...entries].flatMap(([name, at]): [string, string][] => {
      const value = scalarOf(at);
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function serverFields(fields: Fields): Partial<ObjectMeta> {
  const uid = scalarOf(fields.get('uid'));
  const generation = scalarOf(fields.get('generation'));
  const created = scalarOf(fields.get('creationTimestamp'));
  const createdAt = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof generation === 'number' ? { generation } : {}),
    ...(Number.isFinite(createdAt) ? { createdAt } : {}),
    ...(fields.has('deletionTimestamp') ? { isBeingDeleted: true as const } : {}),
  };
}

function scalarOf(cursor: Cursor | undefined): unknown {
  const node = cursor?.tree.read(cursor.node);
  return node?.kind === 'scalar' ? node.value : undefined;
}
