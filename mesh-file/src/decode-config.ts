import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { checkMesh } from './check-mesh.ts';
import { decodeColourRule } from './decode-colouring.ts';
import { decodeDocument } from './decode-document.ts';
import { DEFAULT_GATEWAY, decodeGateway } from './decode-gateway.ts';
import { decodeGroup, decodeLane } from './decode-lane.ts';
import { decodeService } from './decode-service.ts';
import { DEFAULT_MESH_SETTINGS, decodeSettings } from './decode-settings.ts';
import { fieldOr, fieldsOf, isNothing, listOf, mismatch, type Cursor } from './decoder.ts';
import type { Origins } from './origins.ts';

export type DecodedConfig = { readonly config: MeshConfig } | { readonly problems: readonly ConfigProblem[] };

export interface ConfigScope {
  /** `elsewhere`: groups and routes may name services that this document does not declare; default `none`. */
  readonly otherServices: 'none' | 'elsewhere';
}

/** Reads a mesh from YAML 1.2 (JSON is some of it), as docs/config-file.md describes it. Never throws. */
export function decodeConfig(text: string, scope: ConfigScope = { otherServices: 'none' }): DecodedConfig {
  const decoded = decodeDocument(text, { decode: (root) => decodeMesh(root, scope) });
  return 'problems' in decoded ? decoded : { config: decoded.value };
}

function decodeMesh(cursor: Cursor, { otherServices }: ConfigScope): MeshConfig | undefined {
  const keys = ['settings', 'services', 'groups', 'lanes', 'colouring', 'gateway'];
  if (isNothing(cursor.tree.read(cursor.node))) {
    // A file that is being written is empty for a moment; an empty mesh must be meant.
    mismatch(cursor, `${keys.join(', ')} (for an empty mesh write services: [])`);
    return undefined;
  }
  const fields = fieldsOf(cursor, { keys });
  if (fields === undefined) return undefined;
  const origins: Origins = new Map();
  const settings = fieldOr(fields, 'settings', decodeSettings, DEFAULT_MESH_SETTINGS);
  const services = listOf(fields.get('services'), (item) => decodeService(item, { origins }));
  const config: MeshConfig = {
    settings,
    services,
    groups: listOf(fields.get('groups'), (item) => decodeGroup(item, settings, origins)),
    lanes: listOf(fields.get('lanes'), (item) => decodeLane(item, origins)),
    colouring: listOf(fields.get('colouring'), (item) => decodeColourRule(item, origins)),
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
