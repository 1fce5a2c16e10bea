import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createCatalog } from '../../../catalog/create-catalog.ts';
import { ClusterConverter } from './cluster-converter.ts';
import { clusterOf } from './manifests.fixture.ts';

const FOLDER = new URL('../../../../testdata/', import.meta.url);
const SUFFIX = '.input.yaml';

/** What sidecars are told of the objects: the services as the catalog has them, who sees them, the lanes, and what is reported. */
function toldOf(name: string): string {
  const cluster = clusterOf(readFileSync(new URL(name + SUFFIX, FOLDER), 'utf8'));
  const converter = new ClusterConverter(cluster.tables);
  const catalog = createCatalog({ clusterDomain: 'cluster.local' });
  catalog.apply(converter.apply(cluster.changes()));
  const services = [...cluster.services.objects.keys()].sort().flatMap((id) => {
    const service = catalog.service(id);
    if (service === undefined) return [];
    const { exportTo, value } = service;
    return [{ ...value, ...(exportTo === '*' ? {} : { exportTo: [...exportTo] }) }];
  });
  const lanes = catalog.mesh().value.lanes.map((lane) => lane.name);
  const problems = converter.problems();
  return stringify(
    { services, lanes, ...(problems.length === 0 ? {} : { problems }) },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

describe('Kubernetes objects as services of the mesh (testdata)', () => {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));

  it.each(names)('%s', (name) => {
    const text = toldOf(name);
    const golden = new URL(`${name}.golden.yaml`, FOLDER);
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(golden, text);
    expect(text).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : 'no golden yet: UPDATE_GOLDENS=1');
  });
});
