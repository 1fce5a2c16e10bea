import type { InstanceList, ServiceKey } from '@lanekeeper/nacos/instance';
import { NacosError, type NacosErrorCode } from '@lanekeeper/nacos/nacos-error';
import type { NamingClient } from '@lanekeeper/nacos/naming-client';
import { eachLimited } from './each-limited.ts';

/** Questions under way at one server: enough to hide the way there and back, too few to be a burden. */
const CONCURRENCY = 16;

/** What is wrong with one service; anything else is wrong with the server. */
const OF_ONE_SERVICE: ReadonlySet<NacosErrorCode> = new Set([
  'nacos_not_permitted',
  'nacos_refused',
  'nacos_answer_malformed',
]);

export interface ServiceReader<T> {
  /** What is to be asked for among those that there are. */
  readonly choose: (keys: readonly ServiceKey[]) => readonly T[];
  readonly keyOf: (service: T) => ServiceKey;
  readonly read: (service: T, list: InstanceList) => void;
  /** The server says no to this one only. */
  readonly refused: (service: T, error: NacosError) => void;
}

/**
 * Reads the names of all services, then those that are chosen; resolves to the names. Rejects where the server cannot be asked, or
 * was lost meanwhile: what it said before and after is not of one piece.
 */
export async function readNamespace<T>(
  client: NamingClient,
  groups: readonly string[],
  reader: ServiceReader<T>,
): Promise<readonly ServiceKey[]> {
  // The first question may be what makes the first connection.
  const connections = Math.max(1, client.status().connections);
  const checkSame = (): void => {
    if (client.status().connections <= connections) return;
    throw new NacosError('nacos_unreachable', 'the connection was lost while the services were being read');
  };
  const keys: ServiceKey[] = [];
  for (const group of groups) {
    for (const name of await client.listServices(group)) keys.push({ group, name });
  }
  checkSame();
  await eachLimited(reader.choose(keys), CONCURRENCY, async (service) => {
    const list = await ask(client, service, reader);
    checkSame();
    if (list !== undefined) reader.read(service, list);
  });
  return keys;
}

async function ask<T>(
  client: NamingClient,
  service: T,
  { keyOf, refused }: ServiceReader<T>,
): Promise<InstanceList | undefined> {
  try {
    return await client.query(keyOf(service));
  } catch (error) {
    if (!(error instanceof NacosError) || !OF_ONE_SERVICE.has(error.code)) throw error;
    refused(service, error);
    return undefined;
  }
}
