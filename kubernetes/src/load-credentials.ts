import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ConfigError } from '@lanekeeper/runtime/env';
import { inClusterCredentials } from './in-cluster.ts';
import type { Credentials } from './credentials.ts';

/** The variables that say where the API server is; `process.env` has them. */
export interface CredentialsSource {
  readonly KUBECONFIG?: string | undefined;
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
  readonly HOME?: string | undefined;
}

/**
 * KUBECONFIG, else the pod's service account, else `~/.kube/config`. Throws ConfigError where there is none of them or it cannot
 * be used. The library that understands kubeconfig files is loaded for these only: it takes 25 MB.
 */
export async function loadCredentials(source: CredentialsSource): Promise<Credentials> {
  const files = (source.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return fromFiles('KUBECONFIG', files);
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = source;
  if (host !== '') return inCluster(host, port);
  const file = join(source.HOME ?? '', '.kube', 'config');
  if (source.HOME !== undefined && existsSync(file)) return fromFiles(file, [file]);
  throw new ConfigError([
    {
      path: 'KUBECONFIG',
      message:
        'expected a kubeconfig file, or to run in a pod with a service account (automountServiceAccountToken)',
    },
  ]);
}

async function fromFiles(path: string, files: readonly string[]): Promise<Credentials> {
  const { kubeConfigCredentials } = await import('./kube-config.ts');
  try {
    return kubeConfigCredentials(files);
  } catch (error) {
    throw new ConfigError([{ path, message: messageOf(error) }]);
  }
}

async function inCluster(host: string, port: string): Promise<Credentials> {
  try {
    return await inClusterCredentials({ host, port });
  } catch (error) {
    const message = `the pod's service account cannot be read: ${messageOf(error)}`;
    throw new ConfigError([{ path: 'KUBERNETES_SERVICE_HOST', message }]);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
