import type { Log } from '@lanekeeper/runtime/log';
import { loadPackage, type PackageHttpClient, type PackageNamingClient } from './load-package.ts';
import { packageLog } from './package-log.ts';

export interface PackageNamingParts {
  /** Carries all requests. */
  readonly carrier: PackageHttpClient;
  readonly namespace: string;
  readonly log: Log;
}

/** The package's naming client, of which only registration is used. */
export async function openPackageNamingClient(parts: PackageNamingParts): Promise<PackageNamingClient> {
  const { NacosNamingClient } = await loadPackage();
  const client = new NacosNamingClient({
    // Wanted, and not used: the carrier knows the members.
    ...{ serverList: 'members:8848', namespace: parts.namespace },
    ...{ httpclient: parts.carrier, logger: packageLog(parts.log) },
  });
  await client.ready();
  // It listens for pushes on a UDP port from the start; nothing is subscribed here.
  await client._hostReactor?.close();
  return client;
}
