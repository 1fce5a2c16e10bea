import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import { vi } from 'vitest';
import type { CanonicalKey } from '../../catalog/catalog.ts';
import { createCatalog } from '../../catalog/create-catalog.ts';
import type { PodFacts } from '../../catalog/source-service.ts';
import { instance } from './convert/instances.fixture.ts';
import { createNacosSource } from './create-nacos-source.ts';
import { ScriptedNamingClient } from './scripted-naming-client.fixture.ts';
import { decodeRegistries } from './settings/decode-registries.ts';

export interface SourceFixture {
  /** `nacos.yaml` */
  readonly file?: string;
  readonly pods?: ReadonlyMap<string, PodFacts>;
}

const MINIMAL = 'registries: [{servers: [nacos:8848]}]';

/** A source whose clients do what a test says, on a catalog of its own. Timers are the test's. */
export function sourceOf({ file = MINIMAL, pods = new Map() }: SourceFixture = {}) {
  const decoded = decodeRegistries(file);
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  const clients: ScriptedNamingClient[] = [];
  const prepared = new Map<number, (client: ScriptedNamingClient) => void>();
  const catalog = createCatalog({ clusterDomain: 'cluster.local', podAt: (address) => pods.get(address) });
  const log = createRecordingLog();
  const lines = log.events;
  const metrics = new Metrics();
  const openClient = (server: ServerOptions): ScriptedNamingClient => {
    const client = new ScriptedNamingClient(server);
    prepared.get(clients.length)?.(client);
    clients.push(client);
    return client;
  };
  const source = createNacosSource({ registries: decoded.value, catalog, openClient, log, metrics });
  let isStarted = false;
  return {
    ...{ source, catalog, clients, lines, metrics },
    isStarted: () => isStarted,
    /** What the client of this namespace finds; connected unless the test does it. */
    prepare(script: (client: ScriptedNamingClient) => void, at = 0): void {
      prepared.set(at, script);
    },
    /** Starts and lets everything happen that can happen now. */
    async start(): Promise<void> {
      void source.start().then(() => (isStarted = true));
      await settle();
    },
    client(at = 0): ScriptedNamingClient {
      const client = clients[at];
      if (client === undefined) throw new Error(`no client ${at} was opened`);
      return client;
    },
    want: (...added: readonly CanonicalKey[]) => source.want?.({ added, removed: [], asked: added }) ?? [],
    /** Of sidecars that are not the first to be interested. */
    ask: (...asked: readonly CanonicalKey[]) => source.want?.({ added: [], removed: [], asked }) ?? [],
    unwant: (...removed: readonly CanonicalKey[]): void =>
      void source.want?.({ added: [], removed, asked: [] }),
    /** `address lane state` */
    endpoints(id: string): readonly string[] | undefined {
      return catalog
        .service(id)
        ?.value.endpoints.map(({ address, lane = 'base', healthy, dropReason = 'unhealthy' }) =>
          [address, lane, healthy ? 'ok' : dropReason].join(' '),
        );
    },
  };
}

/** Two services, read. */
export async function startedSource(
  given: SourceFixture = {},
  more: (client: ScriptedNamingClient) => void = () => undefined,
) {
  const world = sourceOf(given);
  world.prepare((client) => {
    client.set('orders', '10.0.0.1', instance('10.0.0.2', { lane: 'gray' }));
    client.set('stock', '10.0.0.3');
    more(client);
    client.connect();
  });
  await world.start();
  return world;
}

/** Everything that happens without waiting. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1);
}
