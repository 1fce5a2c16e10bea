import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished } from 'vitest';
import type { AccessToken } from '../access-token.ts';
import { openGrpcNamingClient, type GrpcNamingDependencies } from '../grpc/open-grpc-naming-client.ts';
import type { GrpcTimings } from '../grpc/timings.ts';
import { DEFAULT_GROUP, type InstanceList, type ServiceKey } from '../instance.ts';
import type { NamingClient, NamingStatus } from '../naming-client.ts';
import type { ServerOptions } from '../server-options.ts';
import { GrpcNacos } from './grpc-nacos.ts';
import { serverOptions } from './server-options.ts';

/** Quick to try again and slow to lose patience, as the machine may be busy. Those that want audits ask for them. */
export const TEST_TIMINGS: GrpcTimings = {
  connect: 10_000,
  request: 10_000,
  healthEvery: 20,
  healthTimeout: 10_000,
  retryAtMost: 20,
  refusedRetryAtMost: 40,
  settled: 10_000,
  auditEvery: 3_600_000,
  pushLate: 100,
};

export interface OpenedClient {
  readonly client: NamingClient;
  readonly log: RecordingLog;
  readonly statuses: readonly NamingStatus[];
  /** How often each thing was reported. */
  readonly reported: Readonly<Record<string, number>>;
  /** Follows a service; the lists that it was told, as `ip` texts. */
  follow(name: string): Followed;
}

export interface Followed {
  readonly lists: readonly InstanceList[];
  /** Of each list, the addresses. */
  readonly told: readonly string[];
  readonly end: () => void;
}

export const NO_TOKEN: AccessToken = {
  current: async () => undefined,
  refused: () => undefined,
  close: () => undefined,
};

/** Looks until what it reads is as expected; a busy machine may take its time. */
export const soon = <T>(read: () => T): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: 15_000, interval: 10 });

export async function startGrpcNacos(tls?: {
  readonly cert: string;
  readonly key: string;
}): Promise<GrpcNacos> {
  const server = await new GrpcNacos(tls).start();
  onTestFinished(() => server.stop());
  return server;
}

export function openTestClient(
  servers: readonly GrpcNacos[],
  overrides: Partial<ServerOptions> = {},
  deps: Partial<GrpcNamingDependencies> = {},
): OpenedClient {
  const log = createRecordingLog();
  const reported: Record<string, number> = {};
  const report = (what: string): void => void (reported[what] = (reported[what] ?? 0) + 1);
  const client = openGrpcNamingClient(
    { ...serverOptions(servers), grpcPortOffset: 0, protocol: 'grpc', ...overrides },
    {
      token: NO_TOKEN,
      log,
      timings: TEST_TIMINGS,
      metrics: { pushed: report, missed: () => report('missed') },
      ...deps,
    },
  );
  onTestFinished(() => client.close());
  const statuses: NamingStatus[] = [];
  client.onStatus((status) => statuses.push(status));
  return { client, log, statuses, reported, follow: (name) => follow(client, service(name)) };
}

export function service(name: string): ServiceKey {
  return { group: DEFAULT_GROUP, name };
}

function follow(client: NamingClient, key: ServiceKey): Followed {
  const lists: InstanceList[] = [];
  const told: string[] = [];
  const end = client.subscribe(key, (list) => {
    lists.push(list);
    told.push(list.instances.map(({ ip }) => ip).join(' '));
  });
  return { lists, told, end };
}
