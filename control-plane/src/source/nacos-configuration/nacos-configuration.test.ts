import type { ConfigClient, ConfigKey } from '@lanekeeper/nacos/config-client';
import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCatalog, type CatalogWriter } from '../../catalog/create-catalog.ts';
import { DEFAULT_MESH_PART } from '../../catalog/mesh-part.ts';
import type { NacosRegistry } from '../nacos/registry.ts';
import type { Source } from '../source.ts';
import { createNacosConfiguration } from './nacos-configuration.ts';

const DEMO = 'lanekeeper-demo.yaml';
const MORE = 'lanekeeper-more.yaml';

const REGISTRY: NacosRegistry = {
  name: 'main',
  servers: [{ address: '127.0.0.1', port: 8848 }],
  ...{ grpcPortOffset: 1000, contextPath: '/nacos', protocol: 'auto', credentials: undefined },
  ...{ tls: undefined, namespaces: [], clusters: [], laneKeys: [], zoneKeys: [] },
  recovery: { holdMs: 30_000, missingShare: 0.5 },
  configuration: { namespace: '', group: 'LANEKEEPER', dataIds: [DEMO, MORE] },
};

/** The place of a configuration client, played by hand. */
class PlayedClient implements ConfigClient {
  readonly listeners = new Map<string, (content: string | undefined) => void>();
  readonly said: string[] = [];
  isClosed = false;
  steadyMs = Number.POSITIVE_INFINITY;

  follow({ dataId, group }: ConfigKey, listener: (content: string | undefined) => void): () => void {
    this.listeners.set(`${group}/${dataId}`, listener);
    return () => void this.listeners.delete(`${group}/${dataId}`);
  }

  tell(dataId: string, content: string | undefined): void {
    this.listeners.get(`LANEKEEPER/${dataId}`)?.(content);
  }

  problems(): readonly string[] {
    return this.said;
  }

  steadyForMs(): number {
    return this.steadyMs;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

let client: PlayedClient;
let catalog: CatalogWriter;
let log: RecordingLog;
let source: Source;
let hasStarted: boolean;

beforeEach(async () => {
  client = new PlayedClient();
  catalog = createCatalog({ clusterDomain: 'cluster.local' });
  log = createRecordingLog();
  source = createNacosConfiguration({
    ...{ registries: [REGISTRY], catalog, log },
    open: () => Promise.resolve(client),
  });
  hasStarted = false;
  void source.start().then(() => (hasStarted = true));
  await vi.waitFor(() => expect(client.listeners.size).toBe(2));
});

const groups = (): readonly string[] => catalog.mesh().value.groups.map(({ name }) => name);

describe('configurations of Nacos', () => {
  it('have been read when each was heard of, be it that there is none', async () => {
    expect(source.problems()).toEqual([
      `Nacos main, configuration ${DEMO} of group LANEKEEPER in the public namespace: has not been read yet`,
      `Nacos main, configuration ${MORE} of group LANEKEEPER in the public namespace: has not been read yet`,
    ]);
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    await Promise.resolve();
    expect(hasStarted).toBe(false);
    client.tell(MORE, undefined);
    await vi.waitFor(() => expect(hasStarted).toBe(true));
    expect(source.problems()).toEqual([]);
    expect(source.findings()).toEqual([
      `Nacos main, configuration ${MORE} of group LANEKEEPER in the public namespace: there is none`,
    ]);
  });

  it('are in the mesh together, follow every change, and go when they are deleted', () => {
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]\nlanes: [{name: gray, group: demo}]');
    client.tell(MORE, 'settings: {mode: strict}\ngroups: [{name: more, services: [b]}]');
    expect(groups()).toEqual(['demo', 'more']);
    expect(catalog.mesh().value.settings.mode).toBe('strict');
    client.tell(DEMO, 'groups: [{name: demo, services: [a, c]}]');
    expect(catalog.mesh().value.lanes).toEqual([]);
    expect(catalog.mesh().value.groups[0]?.services).toHaveLength(2);
    client.tell(DEMO, undefined);
    client.tell(MORE, undefined);
    expect(catalog.mesh().value).toEqual(DEFAULT_MESH_PART);
    expect(log.events.filter(({ event }) => event === 'config_removed')).toHaveLength(2);
  });

  it('stay as they were where the new content is wrong, and say where', () => {
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]\nlanes: [{name: Gray, group: dem}]');
    expect(groups()).toEqual(['demo']);
    expect(catalog.mesh().value.lanes).toEqual([]);
    const place = `Nacos main, configuration ${DEMO} of group LANEKEEPER in the public namespace`;
    expect(source.problems()).toContain(
      `${place}: lanes[0].group (2:29): no group dem is declared; did you mean demo?`,
    );
    expect(log.events.at(-1)).toMatchObject({ event: 'config_rejected', fields: { dataId: DEMO } });
    client.tell(DEMO, 'services: [{name: a, port: 80}]');
    expect(source.problems().join()).toContain('services are known from where they register');
    expect(groups()).toEqual(['demo']);
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    expect(source.problems().join()).not.toContain('demo:');
  });

  it('stay where a server has come back without them, until something is written there again', () => {
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    client.tell(MORE, 'groups: [{name: more, services: [b]}]');
    client.steadyMs = 200;
    client.tell(DEMO, undefined);
    expect(groups()).toEqual(['demo', 'more']);
    expect(source.problems()).toEqual([
      `Nacos main, configuration ${DEMO} of group LANEKEEPER in the public namespace: the server came back without it; what it said is in force: publish it again, or restart the control plane to do without it`,
    ]);
    expect(log.events.at(-1)).toMatchObject({ event: 'config_missing', fields: { dataId: DEMO } });
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    expect(source.problems()).toEqual([]);
    client.steadyMs = 60_000;
    client.tell(DEMO, undefined);
    expect(groups()).toEqual(['more']);
  });

  it('are not taken again where they say what they said', () => {
    const changes: boolean[] = [];
    catalog.subscribe(({ mesh }) => void changes.push(mesh));
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    const { length } = log.events;
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    expect(changes).toEqual([true]);
    expect(log.events).toHaveLength(length);
  });

  it('give way to a file, which is a finding', () => {
    const demo = { ...DEFAULT_MESH_PART.settings, mode: 'strict' } as const;
    catalog.apply({ source: 'file', put: [], removed: [], mesh: { ...DEFAULT_MESH_PART, settings: demo } });
    client.tell(DEMO, 'settings: {baggageKey: way}\ngroups: [{name: demo, services: [a]}]');
    client.tell(MORE, 'settings: {baggageKey: colour}');
    expect(catalog.mesh().value.settings).toMatchObject({ mode: 'strict', baggageKey: 'way' });
    expect(catalog.findings()).toContain(
      'settings.baggageKey: what nacos (main/lanekeeper-more.yaml) says does not count, nacos (main/lanekeeper-demo.yaml) declares it',
    );
  });

  it('tell what their client has to say, and end with it', () => {
    client.said.push('Nacos main: no server answers');
    expect(source.problems()).toContain('Nacos main: no server answers');
    source.close();
    expect(client.isClosed).toBe(true);
    client.tell(DEMO, 'groups: [{name: demo, services: [a]}]');
    expect(groups()).toEqual([]);
  });
});

it('is not started where a registry cannot be opened', async () => {
  const broken = createNacosConfiguration({
    ...{ registries: [REGISTRY], catalog, log },
    open: () => Promise.reject(new Error('tls.caFile cannot be read')),
  });
  await expect(broken.start()).rejects.toThrow('tls.caFile cannot be read');
});
