import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { checkMeshPart } from './check-mesh.ts';
import { decodeColourRule } from './decode-colouring.ts';
import { decodeDocuments, type Decoded } from './decode-document.ts';
import { DEFAULT_GATEWAY, decodeGateway, type RouteContext } from './decode-gateway.ts';
import { decodeGroup, decodeLane } from './decode-lane.ts';
import { DEFAULT_MESH_SETTINGS, decodeSettings } from './decode-settings.ts';
import {
  fieldOr,
  fieldsOf,
  isNothing,
  listOf,
  mismatch,
  NO_FIELDS,
  type Cursor,
  type Fields,
  type Shape,
} from './decoder.ts';
import { decodeFileObjects, splitDocuments, type FileDocuments } from './objects/decode-file-objects.ts';
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

/** Reads a mesh without its services from YAML 1.2: the plain form of a mesh file, objects as Kubernetes has them, or both. Never throws. */
export function decodePart(text: string): Decoded<MeshPart> {
  return decodeDocuments(text, { decode: (roots) => decodeRoots(splitDocuments(roots)) });
}

function decodeRoots({ plain, objects }: FileDocuments): MeshPart | undefined {
  if (plain !== undefined && isNothing(plain.tree.read(plain.node))) {
    // One that is being written may be empty for a moment; nothing must be meant.
    mismatch(plain, `${KEYS.join(', ')} (for nothing at all write groups: [])`);
    return undefined;
  }
  const fields = plain === undefined ? NO_FIELDS : fieldsOf(plain, DOCUMENT_SHAPE);
  return fields === undefined ? undefined : partOf(fields, { objects, otherServices: 'elsewhere' });
}

/** What one part says of services that are not in it is somebody else's to know; a route must name its port then. */
export function readPart(cursor: Cursor): MeshPart | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  return fields === undefined ? undefined : partOf(fields, { objects: [] });
}

interface Surroundings extends Pick<RouteContext, 'otherServices'> {
  readonly objects: readonly Cursor[];
}

function partOf(fields: Fields, { objects, otherServices }: Surroundings): MeshPart {
  const origins: Origins = new Map();
  const settings = fieldOr(fields, 'settings', decodeSettings, DEFAULT_MESH_SETTINGS);
  const routes: RouteContext = { services: [], otherServices, origins };
  const declared = decodeFileObjects(objects, settings, origins);
  const part: MeshPart = {
    settings,
    groups: [
      ...listOf(fields.get('groups'), (item) => decodeGroup(item, settings, origins)),
      ...declared.groups,
    ],
    lanes: [...listOf(fields.get('lanes'), (item) => decodeLane(item, origins)), ...declared.lanes],
    colouring: [
      ...listOf(fields.get('colouring'), (item) => decodeColourRule(item, origins)),
      ...declared.colouring,
    ],
    gateway: fieldOr(fields, 'gateway', (at) => decodeGateway(at, routes), DEFAULT_GATEWAY),
  };
  checkMeshPart(part, origins);
  return part;
}
