import type { InterestKey, MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { CatalogService, Versioned } from '../catalog/catalog.ts';

/** The content of one update, as references into the catalog. */
export interface UpdateParts {
  readonly mesh?: Versioned<MeshPart> | undefined;
  readonly edge?: Versioned<EdgeConfig> | undefined;
  readonly services: readonly CatalogService[];
  readonly removed: readonly string[];
  readonly answered: readonly InterestKey[];
  readonly zone?: string | undefined;
  readonly lane?: string | undefined;
}

/** One update as it travels; values are taken as the catalog has written them, once for all sidecars. */
export function encodeUpdate(nonce: string, parts: UpdateParts): Buffer {
  const { mesh, edge, services, removed, answered, zone, lane } = parts;
  const fields = [
    `"kind":"update","nonce":${JSON.stringify(nonce)}`,
    ...(mesh === undefined ? [] : [encodePart('mesh', mesh)]),
    ...(edge === undefined ? [] : [encodePart('edge', edge)]),
    `"services":[${services.map(encodeService).join(',')}]`,
    `"removed":${JSON.stringify(removed)}`,
    `"answered":${JSON.stringify(answered)}`,
    ...(zone === undefined ? [] : [`"zone":${JSON.stringify(zone)}`]),
    ...(lane === undefined ? [] : [`"lane":${JSON.stringify(lane)}`]),
  ];
  return Buffer.from(`{${fields.join(',')}}`, 'utf8');
}

function encodePart(name: string, { version, json }: Versioned<unknown>): string {
  return `"${name}":{"version":${JSON.stringify(version)},"value":${json}}`;
}

function encodeService({ id, version, json }: CatalogService): string {
  return `{"id":${JSON.stringify(id)},"version":${JSON.stringify(version)},"value":${json}}`;
}
