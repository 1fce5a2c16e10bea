import { readFileSync } from 'node:fs';
import { decodeObject } from '@lanekeeper/mesh-file/objects/decode-object';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { expect, it } from 'vitest';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import { Declarations } from './declarations.ts';
import { LANE_RESOURCES } from './resources.ts';
import { documentOf } from './declared.fixture.ts';

const GUIDE = new URL('../../../../../docs/lanes-as-objects.md', import.meta.url);

/** Objects of the guide, one list for each piece of YAML. */
function pieces(): readonly (readonly unknown[])[] {
  const text = readFileSync(GUIDE, 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => {
    const parsed = parseManifest(yaml);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    return parsed.documents;
  });
}

function objects(): readonly MeshObject[] {
  return pieces()
    .flat()
    .filter((document) => 'kind' in fieldsOf(document))
    .map((document) => {
      const decoded = decodeObject(document);
      if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
      return decoded.object;
    });
}

it('every object of the guide is one', () => {
  const kinds = objects().map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(['LaneGroup', 'Lane', 'TrafficLabelRule', 'WorkloadLabelRule']));
});

it('all of them together are in force, but for what the guide says is not', () => {
  const declarations = new Declarations({ now: Date.now, isExported: () => true });
  for (const document of pieces().flat()) {
    const { kind, metadata, spec } = fieldsOf(document);
    const resource = LANE_RESOURCES.find((one) => one.kind === kind);
    const name = String(fieldsOf(metadata)['name']);
    if (resource !== undefined)
      declarations.update(resource, `shop/${name}`, documentOf(resource, name, spec));
  }
  const { verdicts } = declarations.assemble();
  const not = [...verdicts].filter(([, { reason }]) => reason !== 'Accepted');
  expect(not.map(([object, { reason }]) => `${object.meta.name} ${reason}`)).toEqual([
    'orders-shadow NotYetEffective',
  ]);
});
