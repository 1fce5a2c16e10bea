import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createApiClient, type ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { Credentials } from '@lanekeeper/kubernetes/credentials';
import { kubeConfigCredentials } from '@lanekeeper/kubernetes/kube-config';
import { askPod } from '@lanekeeper/kubernetes/pod-port';
import { PORTS } from '@lanekeeper/protocol/ports';
import { Failure } from '../output/failure.ts';
import type { SidecarPod } from './sidecar-pods.ts';

/** As kubectl has them. */
export interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The cluster that a command asks. */
export interface Cluster {
  readonly client: ApiClient;
  /** Of the option, else of the context. */
  readonly namespace: string;
  /** What a sidecar's admin port answers, as JSON. */
  ask(pod: SidecarPod, path: string): Promise<unknown>;
  close(): void;
}

/** Throws a Failure where there is no kubeconfig that could be used. */
export function openCluster(
  options: ClusterOptions,
  env: Readonly<Record<string, string | undefined>>,
): Cluster {
  const files = filesOf(options.kubeconfig ?? env['KUBECONFIG']);
  const credentials = credentialsOf(files, options.context);
  const client = createApiClient({ credentials, userAgent: 'lanectl' });
  return {
    client,
    namespace: options.namespace ?? credentials.namespace,
    ask: (pod, path) => askAdmin(credentials, pod, path),
    close: () => client.close(),
  };
}

function filesOf(given: string | undefined): readonly string[] {
  const files = (given ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return files;
  const file = join(homedir(), '.kube', 'config');
  if (existsSync(file)) return [file];
  throw new Failure('no kubeconfig: KUBECONFIG is not set, and there is no ~/.kube/config', {
    next: 'lanectl --kubeconfig FILE …',
  });
}

function credentialsOf(files: readonly string[], context: string | undefined): Credentials {
  try {
    return kubeConfigCredentials(files, context);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`the kubeconfig cannot be used: ${why}`, {
      cause,
      next: 'kubectl config get-contexts',
    });
  }
}

async function askAdmin(credentials: Credentials, pod: SidecarPod, path: string): Promise<unknown> {
  const at = { namespace: pod.namespace, pod: pod.name, port: PORTS.admin };
  const { status, body } = await askPod(credentials, at, path);
  if (status !== 200)
    throw new Failure(`the sidecar of ${pod.namespace}/${pod.name} answers ${status}: ${body.trim()}`);
  return JSON.parse(body);
}
