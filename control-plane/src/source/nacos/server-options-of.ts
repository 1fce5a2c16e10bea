import { readFile } from 'node:fs/promises';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { NacosRegistry } from './registry.ts';

/** How a client of one Nacos namespace reaches the registry. Rejects where the file of the authorities cannot be read. */
export async function serverOptionsOf(registry: NacosRegistry, namespace: string): Promise<ServerOptions> {
  const { name, servers, grpcPortOffset, contextPath, protocol, credentials, tls } = registry;
  return {
    ...{ name, servers, grpcPortOffset, contextPath, protocol, namespace },
    credentials: credentials && {
      username: credentials.username,
      // Read at each login: a mounted Secret changes while we run. Its editor's last line end is not part of it.
      password: async () => (await readFile(credentials.passwordFile, 'utf8')).replace(/\r?\n$/, ''),
    },
    tls: tls && { ca: tls.caFile === undefined ? undefined : await readAuthorities(name, tls.caFile) },
  };
}

async function readAuthorities(registry: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`registry ${registry}: tls.caFile cannot be read: ${why}`, { cause: error });
  }
}
