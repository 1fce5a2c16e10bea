import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerVersion } from '@lanekeeper/kubernetes/answers';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { createReflector, type Reflector } from '@lanekeeper/kubernetes/reflector';
import { NAMESPACES, type Resource } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';
import type { ClusterFacts, NamespaceFacts } from '../decision/cluster-facts.ts';
import { readLimitRange, type ContainerLimits } from '../decision/container-limits.ts';

export interface KubernetesFactsOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly metrics: KubernetesMetrics;
  /** `auto`: from the API server's version. */
  readonly nativeSidecars: 'auto' | 'true' | 'false';
  /** How often the version is asked for: clusters are upgraded under us. */
  readonly versionEveryMs?: number;
}

export interface KubernetesFacts extends ClusterFacts {
  /** All namespaces, by name; live. */
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  /** Resolves when everything has been read once. */
  start(): Promise<void>;
  stop(): void;
}

const LIMIT_RANGES: Resource = { group: '', version: 'v1', plural: 'limitranges', kind: 'LimitRange' };
const VERSION_EVERY_MS = 600_000;
const RETRY = { baseMs: 500, maxMs: 10_000 };

/** What the API server knows; kept by watches, so that an admission waits for nothing. */
export function createKubernetesFacts(options: KubernetesFactsOptions): KubernetesFacts {
  const { client, log, metrics } = options;
  const namespaces = createReflector({
    client,
    log,
    metrics,
    place: { resource: NAMESPACES },
    transform: readNamespace,
  });
  const ranges = createReflector({
    client,
    log,
    metrics,
    place: { resource: LIMIT_RANGES },
    transform: (object) => ({ namespace: object.metadata.namespace ?? '', limits: readLimitRange(object) }),
  });
  const versions = createVersionWatch(options);
  const ask = createNamespaceQuestion(client);
  return {
    namespaces: namespaces.store,
    namespace: (name) => {
      const known = namespaces.store.get(name);
      // Made a moment ago, perhaps: its first pods often come before the watch tells of it.
      return known === undefined ? ask(name) : Promise.resolve(known);
    },
    nativeSidecars: () => versions.nativeSidecars(),
    containerLimits: (namespace) => limitsOf(ranges, namespace),
    async start() {
      namespaces.start();
      ranges.start();
      // Limits are a refinement: nobody waits for them, or for the right to read them.
      ranges.synced().catch(() => undefined);
      await Promise.all([namespaces.synced(), versions.start()]);
    },
    stop() {
      namespaces.stop();
      ranges.stop();
      versions.stop();
    },
  };
}

/** Native sidecars are on by default from 1.29; in 1.28 they are behind a gate that nobody can see from here. */
export function hasNativeSidecars({ major, minor }: Pick<ServerVersion, 'major' | 'minor'>): boolean {
  return major > 1 || (major === 1 && minor >= 29);
}

function readNamespace({ metadata }: KubeObject): NamespaceFacts {
  return { labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} };
}

interface RangeFacts {
  readonly namespace: string;
  readonly limits: readonly ContainerLimits[];
}

function limitsOf({ store }: Reflector<RangeFacts>, namespace: string): readonly ContainerLimits[] {
  const found: ContainerLimits[] = [];
  for (const range of store.values()) if (range.namespace === namespace) found.push(...range.limits);
  return found;
}

/** Many pods of one new namespace ask one question. */
function createNamespaceQuestion(client: ApiClient): (name: string) => Promise<NamespaceFacts | undefined> {
  const asked = new Map<string, Promise<NamespaceFacts | undefined>>();
  return (name) => {
    const already = asked.get(name);
    if (already !== undefined) return already;
    const answer = askNamespace(client, name).finally(() => asked.delete(name));
    asked.set(name, answer);
    return answer;
  };
}

async function askNamespace(client: ApiClient, name: string): Promise<NamespaceFacts | undefined> {
  try {
    return readNamespace(await client.get({ resource: NAMESPACES, name }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

interface VersionWatch {
  nativeSidecars(): boolean;
  start(): Promise<void>;
  stop(): void;
}

function createVersionWatch(options: KubernetesFactsOptions): VersionWatch {
  const { client, log, nativeSidecars: stated, versionEveryMs = VERSION_EVERY_MS } = options;
  let isNative = stated === 'true';
  let timer: NodeJS.Timeout | undefined;
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    const version = await client.serverVersion();
    if (isNative !== hasNativeSidecars(version)) log.info({ version: version.gitVersion }, 'server_version');
    isNative = hasNativeSidecars(version);
  };
  const lookAgain = async (): Promise<void> => {
    await look().catch((error: unknown) => log.warn({ err: error }, 'server_version_unknown'));
    timer?.refresh();
  };
  return {
    nativeSidecars: () => isNative,
    async start() {
      if (stated !== 'auto') return;
      await lookUntilKnown(look, stopped.signal, log);
      timer = setTimeout(() => void lookAgain(), versionEveryMs);
      timer.unref();
    },
    stop() {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}

/** Rejects when stopped. */
async function lookUntilKnown(look: () => Promise<void>, stopped: AbortSignal, log: Log): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await look();
    } catch (error) {
      log.warn({ err: error }, 'server_version_unknown');
      await sleep(backoffMs(attempt, RETRY), undefined, { signal: stopped });
    }
  }
}
