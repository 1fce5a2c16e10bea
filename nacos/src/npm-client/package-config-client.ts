import type { Log } from '@lanekeeper/runtime/log';
import type { NacosPackage, PackageAgent, PackageConfigClient } from './load-package.ts';

export interface PackageConfigParts {
  /** Carries all requests. */
  readonly agent: PackageAgent;
  readonly namespace: string;
  readonly log: Log;
}

/** The package's configuration client: keeps nothing on disk, and sends nothing by itself. */
export function createPackageConfigClient(
  { DataClient }: NacosPackage,
  { agent, namespace, log }: PackageConfigParts,
): PackageConfigClient {
  // The one way that the package offers to keep it from writing configurations to the home directory.
  class WithoutDisk extends DataClient {
    getSnapshot(): typeof NO_SNAPSHOT {
      return NO_SNAPSHOT;
    }
  }
  class Carrier implements PackageAgent {
    request = agent.request.bind(agent);
  }
  const client = new WithoutDisk({
    // Wanted, and not used: the agent knows the members.
    ...{ serverAddr: 'members', namespace, httpAgent: Carrier },
    httpclient: { request: () => Promise.reject(new Error('all requests go through the agent')) },
  });
  // Without a listener the package writes them to the console.
  client.on('error', (error) => log.debug({ problem: String(error) }, 'nacos_package_error'));
  return client;
}

const NO_SNAPSHOT = {
  on: (): void => undefined,
  get: async (): Promise<null> => null,
  save: async (): Promise<void> => undefined,
  delete: async (): Promise<void> => undefined,
};
