import { decodeConfig } from '@lanekeeper/mesh-file/decode-config';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { describe, expect, it } from 'vitest';
import type { CatalogChange } from '../../catalog/catalog.ts';
import { createCatalog } from '../../catalog/create-catalog.ts';
import { FileMeshSink } from './file-mesh-sink.ts';

const MESH = `
settings: {explainHeader: true}
services:
- name: a
  port: 80
  endpoints: [{address: 10.0.0.1, port: 8080}, {address: 10.0.0.2, port: 8080, lane: gray}]
- name: b
  namespace: other
  port: 80
  endpoints: [{address: 10.0.0.3, port: 8080, lane: blue}]
groups: [{name: demo, services: [a]}]
lanes: [{name: gray, group: demo}]
`;

function mesh(text: string): MeshConfig {
  const decoded = decodeConfig(text);
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  return decoded.config;
}

function start() {
  const catalog = createCatalog({ clusterDomain: 'cluster.local' });
  const changes: CatalogChange[] = [];
  catalog.subscribe((change) => void changes.push(change));
  return { catalog, changes, sink: new FileMeshSink(catalog) };
}

describe('the file source of the control plane', () => {
  it('puts services, settings, groups, lanes and routes of the file into the catalog', () => {
    const { catalog, sink } = start();
    expect(sink.accept(mesh(MESH))).toBe(true);
    expect(catalog.service('default/a')?.value.endpoints).toHaveLength(2);
    expect(catalog.resolve('host:b.other')).toEqual(['other/b']);
    const { settings, groups, lanes } = catalog.mesh().value;
    expect(settings.explainHeader).toBe(true);
    expect(groups.map(({ name }) => name)).toEqual(['demo']);
    expect(lanes.map(({ name, group }) => [name, group])).toEqual([
      ['gray', 'demo'],
      ['blue', ''],
    ]);
  });

  it('tells only what another file says differently, and takes out what it no longer has', () => {
    const { catalog, changes, sink } = start();
    sink.accept(mesh(MESH));
    expect(sink.accept(mesh(MESH))).toBe(false);
    expect(changes).toHaveLength(1);
    const generation = sink.status().generation;
    expect(sink.accept(mesh(MESH.replace('10.0.0.3', '10.0.0.4')))).toBe(true);
    expect(sink.status().generation).not.toBe(generation);
    expect([...(changes[1]?.keys ?? [])].sort()).toEqual(['host:b.other', 'ip:10.0.0.3', 'ip:10.0.0.4']);
    expect(changes[1]?.mesh).toBe(false);
    sink.accept(mesh('services: [{name: c, port: 80}]'));
    expect(catalog.service('default/a')).toBeUndefined();
    expect(catalog.mesh().value.groups).toEqual([]);
  });

  it('keeps what is in force when the file is wrong, and says why', () => {
    const { catalog, sink } = start();
    sink.accept(mesh(MESH));
    sink.reject([{ path: 'services[0]', message: 'expected a mapping' }]);
    expect(catalog.service('default/a')).toBeDefined();
    expect(sink.status().problems).toHaveLength(1);
    sink.accept(mesh(MESH));
    expect(sink.status().problems).toEqual([]);
  });
});
