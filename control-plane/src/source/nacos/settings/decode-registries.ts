import { decodeDocument, type Decoded } from '@lanekeeper/mesh-file/decode-document';
import { complain, fieldsOf, listOf, requiredOr, type Cursor } from '@lanekeeper/mesh-file/decoder';
import type { NacosRegistry } from '../registry.ts';
import { decodeRegistry } from './decode-registry.ts';

/** Reads `nacos.yaml` (docs/nacos.md). Every mistake with its place; never throws. */
export function decodeRegistries(text: string): Decoded<readonly NacosRegistry[]> {
  return decodeDocument(text, { decode: decodeRoot });
}

function decodeRoot(cursor: Cursor): readonly NacosRegistry[] | undefined {
  const fields = fieldsOf(cursor, { keys: ['registries'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const found = requiredOr(owner, 'registries', decodeList, undefined);
  if (found?.length === 0)
    complain(cursor, 'expected at least one registry: registries: [{servers: [nacos:8848]}]');
  return found;
}

function decodeList(cursor: Cursor): readonly NacosRegistry[] {
  const found = listOf(cursor, (at) => {
    const registry = decodeRegistry(at);
    return registry && { at, registry };
  });
  const names = new Set<string>();
  for (const { at, registry } of found) {
    // Without a server it has none, which is reported already.
    if (registry.name === '') continue;
    if (names.has(registry.name))
      complain(at, `${registry.name} names another registry already; give each a name`);
    names.add(registry.name);
  }
  return found.map(({ registry }) => registry);
}
