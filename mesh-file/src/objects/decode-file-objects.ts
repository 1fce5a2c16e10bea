import type { ColourRule, LaneConfig, LaneGroupConfig, MeshSettings } from '@lanekeeper/protocol/model';
import { complain, down, type Cursor } from '../decoder.ts';
import type { Origins } from '../origins.ts';
import { assembleObjects } from './assemble-objects.ts';
import { decodeObjectAt } from './decode-object.ts';
import { refuseOutsideKubernetes } from './outside-kubernetes.ts';
import { describeObject, type MeshObject } from './object-types.ts';
import { groupName } from './translate.ts';

/** What the objects of a file declare. */
export interface FileObjects {
  readonly groups: readonly LaneGroupConfig[];
  readonly lanes: readonly LaneConfig[];
  readonly colouring: readonly ColourRule[];
}

export interface FileDocuments {
  /** The form of a mesh file; absent where there are objects only. */
  readonly plain: Cursor | undefined;
  readonly objects: readonly Cursor[];
}

/** Documents of a file by what they are: Kubernetes' objects say their kind, the plain form does not. */
export function splitDocuments(roots: readonly Cursor[]): FileDocuments {
  const isObject = (root: Cursor): boolean =>
    textAt(root, 'apiVersion') !== undefined || textAt(root, 'kind') !== undefined;
  const [plain, second] = roots.filter((root) => !isObject(root));
  if (second !== undefined)
    complain(second, 'expected one document beside those of objects, found a second after ---');
  return { plain, objects: roots.filter(isObject) };
}

/** A file is edited, not negotiated: what is wrong between its objects refuses it, as all else that is wrong in it. */
export function decodeFileObjects(
  roots: readonly Cursor[],
  settings: MeshSettings,
  origins: Origins,
): FileObjects {
  const places = new Map<MeshObject, Cursor>();
  const names = new Set<string>();
  for (const root of roots) {
    const at = { ...root, report: root.report.of(nameOf(root)) };
    const object = decodeObjectAt(at);
    if (object === undefined) continue;
    const name = describeObject(object);
    refuseOutsideKubernetes(object, at);
    if (names.has(name)) complain(at, 'stands in this file twice; keep one');
    else places.set(object, at);
    names.add(name);
  }
  const assembled = assembleObjects([...places.keys()], { settings });
  for (const [object, { reason, problems }] of assembled.verdicts) {
    // It is accepted everywhere, and does nothing yet.
    if (reason === 'NotYetEffective') continue;
    const at = places.get(object);
    for (const { path, message } of problems) at?.report.add(path, message);
  }
  notePlaces(assembled, places, origins);
  return assembled;
}

/** `Lane shop/gray`, as far as the document says it. */
function nameOf(root: Cursor): string {
  const metadata = down(root, 'metadata');
  const name = metadata === root ? undefined : textAt(metadata, 'name');
  const namespace = metadata === root ? undefined : textAt(metadata, 'namespace');
  return `${textAt(root, 'kind') ?? 'object'} ${namespace ?? 'default'}/${name ?? '(no name)'}`;
}

function textAt(cursor: Cursor, key: string): string | undefined {
  const at = down(cursor, key);
  const node = at.tree.read(at.node);
  return at !== cursor && node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** So that what only shows beside the rest of the file is told where it stands. */
function notePlaces(
  { groups, lanes }: FileObjects,
  places: ReadonlyMap<MeshObject, Cursor>,
  origins: Origins,
): void {
  const byName = new Map([...places].map(([object, at]) => [describeObject(object), { object, at }]));
  for (const group of groups) {
    const found = byName.get(`LaneGroup ${group.name}`);
    if (found?.object.kind !== 'LaneGroup') continue;
    const spec = down(found.at, 'spec');
    origins.set(group, spec);
    const ids = found.object.spec.services.map((service) => `${service.namespace}/${service.name}`);
    for (const service of group.services) {
      origins.set(service, down(spec, 'services', ids.indexOf(`${service.namespace}/${service.name}`)));
    }
  }
  for (const lane of lanes) {
    const [namespace = ''] = lane.group.split('/');
    const found = byName.get(`Lane ${groupName(namespace, lane.name)}`);
    if (found !== undefined) origins.set(lane, down(found.at, 'spec'));
  }
}
