import type { InterestKey, MeshPart } from '@lanekeeper/protocol/discovery';
import type { CatalogService, Versioned } from '../catalog/catalog.ts';

/** The content of one update, as references into the catalog. */
export interface UpdateParts {
  readonly mesh?: Versioned<MeshPart> | undefined;
  readonly services: readonly CatalogService[];
  readonly removed: readonly string[];
  readonly answered: readonly InterestKey[];
  readonly zone?: string | undefined;
}

/** One update as it travels; values are taken as the catalog has written them, once for all sidecars. */
export function encodeUpdate(nonce: string, parts: UpdateParts): Buffer {
  const { mesh, services, removed, answered, zone } = parts;
  const fields = [
    `"kind":"update","nonce":${JSON.stringify(nonce)}`,
    ...(mesh === undefined
      ? []
      : [`"mesh":{"version":${JSON.stringify(mesh.version)},"value":${mesh.json}}`]),
    `"services":[${services.map(encodeService).join(',')}]`,
    `"removed":${JSON.stringify(removed)}`,
    `"answered":${JSON.stringify(answered)}`,
    ...(zone === undefined ? [] : [`"zone":${JSON.stringify(zone)}`]),
  ];
  return Buffer.from(`{${fields.join(',')}}`, 'utf8');
}

function encodeService({ id, version, json }: CatalogService): string {
  return `{"id":${JSON.stringify(id)},"version":${JSON.stringify(version)},"value":${json}}`;
}
