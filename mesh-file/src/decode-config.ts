import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { checkMesh } from './check-mesh.ts';
import { decodeColourRule } from './decode-colouring.ts';
import { decodeDocuments } from './decode-document.ts';
import { DEFAULT_GATEWAY, decodeGateway } from './decode-gateway.ts';
import { decodeGroup, decodeLane } from './decode-lane.ts';
import { decodeService } from './decode-service.ts';
import { DEFAULT_MESH_SETTINGS, decodeSettings } from './decode-settings.ts';
import { fieldOr, fieldsOf, isNothing, listOf, mismatch, NO_FIELDS } from './decoder.ts';
import { decodeFileObjects, splitDocuments, type FileDocuments } from './objects/decode-file-objects.ts';
import type { Origins } from './origins.ts';

export type DecodedConfig = { readonly config: MeshConfig } | { readonly problems: readonly ConfigProblem[] };

export interface ConfigScope {
  /** `elsewhere`: groups and routes may name services that this document does not declare; default `none`. */
  readonly otherServices: 'none' | 'elsewhere';
}

/**
 * Reads a mesh from YAML 1.2 (JSON is some of it), as docs/config-file.md describes it: the plain form, objects as Kubernetes has
 * them, or both, each in a document of its own. Never throws.
 */
export function decodeConfig(text: string, scope: ConfigScope = { otherServices: 'none' }): DecodedConfig {
  const decoded = decodeDocuments(text, { decode: (roots) => decodeMesh(splitDocuments(roots), scope) });
  return 'problems' in decoded ? decoded : { config: decoded.value };
}

const KEYS = ['settings', 'services', 'groups', 'lanes', 'colouring', 'gateway'];

function decodeMesh(
  { plain, objects }: FileDocuments,
  { otherServices }: ConfigScope,
): MeshConfig | undefined {
  if (plain !== undefined && isNothing(plain.tree.read(plain.node))) {
    // A file that is being written is empty for a moment; an empty mesh must be meant.
    mismatch(plain, `${KEYS.join(', ')} (for an empty mesh write services: [])`);
    return undefined;
  }
  const fields = plain === undefined ? NO_FIELDS : fieldsOf(plain, { keys: KEYS });
  if (fields === undefined) return undefined;
  const origins: Origins = new Map();
  const settings = fieldOr(fields, 'settings', decodeSettings, DEFAULT_MESH_SETTINGS);
  const services = listOf(fields.get('services'), (item) => decodeService(item, { origins }));
  const declared = decodeFileObjects(objects, settings, origins);
  const config: MeshConfig = {
    settings,
    services,
    groups: [
      ...listOf(fields.get('groups'), (item) => decodeGroup(item, settings, origins)),
      ...declared.groups,
    ],
    lanes: [...listOf(fields.get('lanes'), (item) => decodeLane(item, origins)), ...declared.lanes],
    colouring: [
      ...listOf(fields.get('colouring'), (item) => decodeColourRule(item, origins)),
      ...declared.colouring,
    ],
    gateway: fieldOr(
      fields,
      'gateway',
      (at) => decodeGateway(at, { services, otherServices, origins }),
      DEFAULT_GATEWAY,
    ),
  };
  checkMesh(config, origins, otherServices);
  return config;
}
