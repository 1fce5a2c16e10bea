import type { InstanceList } from '@lanekeeper/nacos/instance';
import { openConfigClient } from '@lanekeeper/nacos/npm-client/open-config-client';
import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import type { Log } from '@lanekeeper/runtime/log';
import { NacosConfigClient, NacosNamingClient } from 'nacos';

export const GROUP = 'DEFAULT_GROUP';

/** Something that tells how much there is of what it follows: instances, or bytes of a configuration (-1: there is none). */
export interface Contestant {
  readonly name: string;
  follow(what: string, told: (much: number) => void): void;
  /** Lines that it has written so far, to whatever log or console. */
  lines(): number;
  close(): Promise<void>;
}

interface CountedLog extends Log {
  readonly lines: () => number;
}

function countedLog(): CountedLog {
  let lines = 0;
  const count = (): void => void (lines += 1);
  return { debug: () => undefined, info: count, warn: count, error: count, lines: () => lines };
}

/** The console of this process, as long as the contestant is measured. */
function countConsole(): { readonly lines: () => number; readonly stop: () => void } {
  const original = Reflect.get(globalThis.console, 'error') as () => void;
  let lines = 0;
  Reflect.set(globalThis.console, 'error', () => void (lines += 1));
  return { lines: () => lines, stop: () => void Reflect.set(globalThis.console, 'error', original) };
}

export function ourNaming(server: NacosServer, protocol: 'grpc' | 'http'): Contestant {
  const log = countedLog();
  const client = openNamingClient({ ...optionsOf(server), protocol }, { log });
  return {
    name: protocol === 'grpc' ? 'services: ours, gRPC' : 'services: ours, HTTP',
    follow: (name, told) =>
      void client.subscribe({ group: GROUP, name }, ({ instances }: InstanceList) => told(instances.length)),
    lines: log.lines,
    close: () => client.close(),
  };
}

export async function packageNaming({ address, httpPort }: NacosServer): Promise<Contestant> {
  const written = countConsole();
  const { lines, ...log } = countedLog();
  const logger = { ...log, info: () => undefined };
  const client = new NacosNamingClient({
    ...{ logger: Object.assign(Object.create(console), logger), serverList: `${address}:${httpPort}` },
    namespace: 'public',
  });
  await client.ready();
  return {
    name: 'services: package',
    follow: (name, told) => client.subscribe(name, (hosts: readonly unknown[]) => told(hosts.length)),
    lines: () => lines() + written.lines(),
    async close() {
      // It is declared nowhere.
      await (client as unknown as { close(): Promise<void> }).close();
      written.stop();
    },
  };
}

export function ourConfig(server: NacosServer): Contestant {
  const log = countedLog();
  const client = openConfigClient(optionsOf(server), { log });
  return {
    name: 'configuration: over ours',
    follow: (dataId, told) =>
      void client.follow({ dataId, group: GROUP }, (content) => told(content?.length ?? -1)),
    lines: log.lines,
    close: () => client.close(),
  };
}

export function packageConfig({ address, httpPort }: NacosServer): Contestant {
  const written = countConsole();
  let errors = 0;
  const client = new NacosConfigClient({ serverAddr: `${address}:${httpPort}`, requestTimeout: 6000 });
  (client as unknown as { on(event: 'error', listener: () => void): void }).on('error', () => (errors += 1));
  return {
    name: 'configuration: package',
    follow: (dataId, told) =>
      void client.subscribe({ dataId, group: GROUP }, (content: string | null) =>
        told(content?.length ?? -1),
      ),
    lines: () => errors + written.lines(),
    async close() {
      client.close();
      written.stop();
    },
  };
}

function optionsOf({ address, httpPort, grpcPort }: NacosServer): ServerOptions {
  return {
    ...{ name: 'bench', servers: [{ address, port: httpPort }], grpcPortOffset: grpcPort - httpPort },
    ...{ contextPath: '/nacos', namespace: '', credentials: undefined, tls: undefined, protocol: 'auto' },
  };
}
