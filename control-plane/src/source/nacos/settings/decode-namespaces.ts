import { DEFAULT_GROUP } from '@lanekeeper/nacos/instance';
import {
  complain,
  down,
  fieldOr,
  fieldsOf,
  listOf,
  mismatch,
  type Cursor,
  type Fields,
} from '@lanekeeper/mesh-file/decoder';
import { textOf } from '@lanekeeper/mesh-file/scalar-decoders';
import { DEFAULT_NAMESPACE } from '@lanekeeper/mesh-file/service-name';
import type { NacosConfigurationPlace, NacosNamespace } from '../registry.ts';
import { DNS_LABEL_RULE, NACOS_NAME_RULE } from './text-rules.ts';

/** How Nacos' console calls the namespace that has no id. */
const PUBLIC = 'public';

const PUBLIC_NAMESPACE: NacosNamespace = {
  id: '',
  meshNamespace: DEFAULT_NAMESPACE,
  groups: [DEFAULT_GROUP],
};

/** Where none are given: the public one, as the mesh's `default`. */
export function decodeNamespaces(cursor: Cursor | undefined): readonly NacosNamespace[] {
  if (cursor === undefined) return [PUBLIC_NAMESPACE];
  const namespaces = listOf(cursor, (at) => {
    const namespace = decodeNamespace(at);
    return namespace && { at, namespace };
  });
  if (namespaces.length === 0)
    complain(cursor, 'expected at least one namespace; leave it out for the public one');
  const seen = new Set<string>();
  for (const { at, namespace } of namespaces) {
    if (seen.has(namespace.id))
      complain(
        at,
        `namespace ${namespace.id || PUBLIC} stands here twice; keep one, with the groups of both`,
      );
    seen.add(namespace.id);
  }
  return namespaces.map(({ namespace }) => namespace);
}

function decodeNamespace(cursor: Cursor): NacosNamespace | undefined {
  const fields = fieldsOf(cursor, { keys: ['id', 'meshNamespace', 'groups'] });
  if (fields === undefined) return undefined;
  const id = namespaceId(fields, 'id');
  return {
    id,
    meshNamespace: decodeMeshNamespace(cursor, fields, id),
    groups: listOrDefault(fields.get('groups'), nacosName, [DEFAULT_GROUP]),
  };
}

/** A namespace of Nacos is one of the mesh with the same name, unless something else is said. */
function decodeMeshNamespace(cursor: Cursor, fields: Fields, id: string): string {
  const ownName = id === '' ? DEFAULT_NAMESPACE : id;
  if (!fields.has('meshNamespace') && !DNS_LABEL_RULE.accepts(ownName)) {
    complain(cursor, `meshNamespace is missing: ${JSON.stringify(id)} cannot name a namespace of the mesh`);
  }
  return fieldOr(fields, 'meshNamespace', (at) => textOf(at, DNS_LABEL_RULE), ownName);
}

/** Empty for the public one. */
function namespaceId(fields: Fields, key: string): string {
  const at = fields.get(key);
  if (at === undefined) return '';
  const node = at.tree.read(at.node);
  if (node.kind === 'scalar' && (node.value === '' || node.value === PUBLIC)) return '';
  return textOf(at, NACOS_NAME_RULE) ?? '';
}

export function decodeConfigurationPlace(cursor: Cursor): NacosConfigurationPlace | undefined {
  const fields = fieldsOf(cursor, { keys: ['namespace', 'group', 'laneGroups', 'dataIds'] });
  if (fields === undefined) return undefined;
  const ofGroups = listOf(fields.get('laneGroups'), (at) => textOf(at, DNS_LABEL_RULE));
  const dataIds = [
    ...ofGroups.map((group) => `lanekeeper-${group}.yaml`),
    ...listOf(fields.get('dataIds'), nacosName),
  ];
  if (!fields.has('laneGroups') && !fields.has('dataIds')) {
    mismatch(cursor, 'laneGroups: [demo] (lanekeeper-demo.yaml) or dataIds: [my-lanes.yaml]');
  }
  dataIds.forEach((dataId, index) => {
    if (dataIds.indexOf(dataId) < index) complain(cursor, `${dataId} is named twice; keep one`);
  });
  return {
    namespace: namespaceId(fields, 'namespace'),
    group: fieldOr(fields, 'group', nacosName, DEFAULT_GROUP),
    dataIds,
  };
}

function nacosName(cursor: Cursor): string | undefined {
  return textOf(cursor, NACOS_NAME_RULE);
}

/** A list without repetitions; an empty one is a mistake where something must be named. */
export function listOrDefault(
  cursor: Cursor | undefined,
  decode: (at: Cursor) => string | undefined,
  otherwise: readonly string[],
): readonly string[] {
  if (cursor === undefined) return otherwise;
  const items = listOf(cursor, decode);
  items.forEach((item, index) => {
    if (items.indexOf(item) < index) complain(down(cursor, index), `${item} stands here twice; keep one`);
  });
  return items.length === 0 ? otherwise : items;
}
