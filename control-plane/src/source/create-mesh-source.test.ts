import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpNacos } from '@lanekeeper/nacos/testing/http-nacos';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../config.ts';
import { createMeshSource } from './create-mesh-source.ts';
import type { MeshSource } from './mesh-source.ts';

const WAIT = { timeout: 10_000 };
const CONFIGURATION = `
groups: [{name: demo, services: [orders]}]
lanes: [{name: gray, group: demo, match: [{hosts: [gray.example.com]}]}]
`;

let folder: string;
let nacos: HttpNacos;
let log: RecordingLog;
let source: MeshSource | undefined;
let metrics: Metrics;

const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanekeeper-sources-'));
  nacos = await new HttpNacos().start();
  log = createRecordingLog();
  nacos.services.instances.set('DEFAULT_GROUP@@orders', [
    { ip: '10.0.0.1', port: 8080 },
    { ip: '10.0.0.2', port: 8080, metadata: { 'lanekeeper.io/lane': 'gray' } },
  ]);
  await writeRegistry();
});
afterEach(async () => {
  source?.close();
  source = undefined;
  await nacos.stop();
  await rm(folder, { recursive: true });
});

async function writeRegistry(more = ''): Promise<void> {
  const servers = `servers: ["${formatAddress(nacos.address)}"]`;
  await writeFile(at('nacos.yaml'), `registries: [{name: main, ${servers}, protocol: http${more}}]`);
}

function create(sources: string, more: Readonly<Record<string, string>> = {}): Promise<MeshSource> {
  const config = parseConfig({
    LANEKEEPER_CONTROL_PLANE_SOURCE: sources,
    ...(sources.includes('nacos') ? { LANEKEEPER_CONTROL_PLANE_NACOS_FILE: at('nacos.yaml') } : {}),
    ...(sources.includes('file') ? { LANEKEEPER_CONTROL_PLANE_MESH_FILE: at('mesh.yaml') } : {}),
    LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'none',
    LANEKEEPER_CONTROL_PLANE_LISTEN: '127.0.0.1:15010',
    ...more,
  });
  metrics = new Metrics();
  return createMeshSource({ config, log, metrics });
}

async function start(sources: string): Promise<MeshSource> {
  source = await create(sources);
  await source.start();
  return source;
}

function endpoints({ catalog }: MeshSource, id: string): readonly string[] | undefined {
  return catalog.service(id)?.value.endpoints.map(({ address, lane = 'base' }) => `${address} ${lane}`);
}

describe('a mesh without Kubernetes', () => {
  it('is known from Nacos and a file together, on one catalog', async () => {
    await writeFile(
      at('mesh.yaml'),
      `
services: [{name: stock, port: 80, endpoints: [{address: 10.0.0.9, port: 8080}]}]
groups: [{name: demo, services: [orders, stock]}]
lanes: [{name: gray, group: demo, match: [{hosts: [gray.example.com]}]}]
`,
    );
    const { catalog, findings } = await start('nacos,file');
    if (source === undefined) throw new Error('there is no source');
    expect(endpoints(source, 'default/orders')).toEqual(['10.0.0.1 base', '10.0.0.2 gray']);
    expect(endpoints(source, 'default/stock')).toEqual(['10.0.0.9 base']);
    expect(catalog.mesh().value.lanes[0]).toMatchObject({ name: 'gray', group: 'demo' });
    expect(findings()).toEqual([]);
    expect(source.registries.map(({ name }) => name)).toEqual(['main']);
  });

  it('is as the example of the guide has it', async () => {
    const example = new URL('../../../docs/without-kubernetes/control-plane/mesh.yaml', import.meta.url);
    await writeFile(at('mesh.yaml'), await readFile(example));
    nacos.services.instances.set('DEFAULT_GROUP@@shop', [{ ip: '10.0.0.3', port: 8080 }]);
    const { catalog, findings } = await start('nacos,file');
    expect(catalog.mesh().value.lanes).toMatchObject([{ name: 'gray', group: 'demo', entries: ['shop'] }]);
    expect(findings()).toEqual([]);
  });

  it('has lanes and rules from a configuration of Nacos, and follows it', async () => {
    nacos.configs.publish('lanekeeper-demo.yaml', 'LANES', CONFIGURATION);
    await writeRegistry(', configuration: {group: LANES, laneGroups: [demo]}');
    const { catalog, problems, findings } = await start('nacos');
    expect(catalog.mesh().value.groups).toMatchObject([{ name: 'demo', mode: 'permissive' }]);
    nacos.configs.publish('lanekeeper-demo.yaml', 'LANES', `settings: {mode: strict}${CONFIGURATION}`);
    await vi.waitFor(() => expect(catalog.mesh().value.groups).toMatchObject([{ mode: 'strict' }]), WAIT);
    nacos.configs.publish('lanekeeper-demo.yaml', 'LANES', `${CONFIGURATION}\nlanes: []`);
    await vi.waitFor(() => expect(problems().join()).toContain('stands here twice'), WAIT);
    expect(catalog.mesh().value.groups).toMatchObject([{ mode: 'strict' }]);
    nacos.configs.remove('lanekeeper-demo.yaml', 'LANES');
    await vi.waitFor(() => expect(catalog.mesh().value.groups).toEqual([]), WAIT);
    expect(findings().join()).toContain(
      'lanekeeper-demo.yaml of group LANES in the public namespace: there is none',
    );
  });

  it('follows the services of Nacos that a sidecar wants', async () => {
    const mesh = await start('nacos');
    mesh.want?.({ added: ['host:orders.default'], removed: [], asked: ['host:orders.default'] });
    nacos.services.instances.set('DEFAULT_GROUP@@orders', [{ ip: '10.0.0.3', port: 8080 }]);
    await vi.waitFor(() => expect(endpoints(mesh, 'default/orders')).toEqual(['10.0.0.3 base']), WAIT);
  });

  it('waits for a Nacos that is all there is, and has it when it comes', async () => {
    await nacos.stop();
    source = await create('nacos');
    const started = source.start();
    await vi.waitFor(
      () => expect(source?.awaited().join()).toMatch(/^source nacos has not been read yet: .+/),
      WAIT,
    );
    expect(metrics.expose()).toMatch(/\nlanekeeper_mesh_problems [1-9]/);
    await nacos.start();
    await started;
    expect(metrics.expose()).toContain('\nlanekeeper_mesh_problems 0\n');
    expect(endpoints(source, 'default/orders')).toHaveLength(2);
    expect(source.awaited()).toEqual([]);
  });
});

describe('mistakes', () => {
  it('of the Nacos file and of the API server’s settings are told together', async () => {
    await writeFile(at('nacos.yaml'), 'registries: [{}]');
    const cluster = {
      ...{ LANEKEEPER_CONTROL_PLANE_POD: 'p', LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'token' },
      LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE: '/tls.crt',
      ...{ LANEKEEPER_CONTROL_PLANE_KEY_FILE: '/tls.key', KUBECONFIG: at('none') },
    };
    const failing = create('kubernetes,nacos', cluster);
    await expect(failing).rejects.toThrow('servers is missing');
    await expect(failing).rejects.toThrow('KUBECONFIG');
  });

  it('of a mesh file or a tokens file end the start', async () => {
    await writeFile(at('mesh.yaml'), 'services: []');
    await writeFile(at('tokens.yaml'), 'tokens: [{name: a}]');
    source = await create('file', {
      LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'static',
      LANEKEEPER_CONTROL_PLANE_TOKENS_FILE: at('tokens.yaml'),
    });
    await expect(source.start()).rejects.toThrow('tokens[0] (1:10): namespaces is missing');
    await writeFile(at('mesh.yaml'), 'groups: [{name: demo, services: [a]}]');
    source = await create('file');
    await expect(source.start()).rejects.toThrow('no service default/a is declared');
  });
});
