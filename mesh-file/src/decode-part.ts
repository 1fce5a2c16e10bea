import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { checkMeshPart } from './check-mesh.ts';
import { decodeColourRule } from './decode-colouring.ts';
import { decodeDocument, type Decoded } from './decode-document.ts';
import { DEFAULT_GATEWAY, decodeGateway, type RouteContext } from './decode-gateway.ts';
import { decodeGroup, decodeLane } from './decode-lane.ts';
import { DEFAULT_MESH_SETTINGS, decodeSettings } from './decode-settings.ts';
import { fieldOr, fieldsOf, isNothing, listOf, mismatch, type Cursor, type Shape } from './decoder.ts';
import type { Origins } from './origins.ts';

const KEYS = ['settings', 'groups', 'lanes', 'colouring', 'gateway'];

/** Of a document beside which services are known from elsewhere. */
const DOCUMENT_SHAPE: Shape = {
  keys: KEYS,
  refused: {
    services:
      'services are known from where they register; this document has settings, groups, lanes, colouring and gateway',
  },
};

/** Reads a mesh without its services from YAML 1.2, in the form of a mesh file. Never throws. */
export function decodePart(text: string): Decoded<MeshPart> {
  return decodeDocument(text, { decode: decodeRoot });
}

function decodeRoot(cursor: Cursor): MeshPart | undefined {
  if (isNothing(cursor.tree.read(cursor.node))) {
    // One that is being written may be empty for a moment; nothing must be meant.
    mismatch(cursor, `${KEYS.join(', ')} (for nothing at all write groups: [])`);
    return undefined;
  }
  return readPart(cursor, DOCUMENT_SHAPE, 'elsewhere');
}

/** What one part says of services that are not in it is somebody else's to know; a route must name its port then. */
export function readPart(
  cursor: Cursor,
  shape: Shape = { keys: KEYS },
  otherServices: RouteContext['otherServices'] = undefined,
): MeshPart | undefined {
  const fields = fieldsOf(cursor, shape);
  if (fields === undefined) return undefined;
  const origins: Origins = new Map();
  const settings = fieldOr(fields, 'settings', decodeSettings, DEFAULT_MESH_SETTINGS);
  const routes: RouteContext = { services: [], otherServices, origins };
  const part: MeshPart = {
    settings,
    groups: listOf(fields.get('groups'), (item) => decodeGroup(item, settings, origins)),
    lanes: listOf(fields.get('lanes'), (item) => decodeLane(item, origins)),
    colouring: listOf(fields.get('colouring'), (item) => decodeColourRule(item, origins)),
    gateway: fieldOr(fields, 'gateway', (at) => decodeGateway(at, routes), DEFAULT_GATEWAY),
  };
  checkMeshPart(part, origins);
  return part;
}
