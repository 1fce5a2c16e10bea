import type { Log } from '@lanekeeper/runtime/log';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { Authenticator } from '../publish/caller.ts';
import type { KubernetesCluster } from './kubernetes/kubernetes-cluster.ts';
import type { MeshSource } from './mesh-source.ts';
import type { NacosRegistry } from './nacos/registry.ts';
import type { Source, Want } from './source.ts';
import { notRead, startSources, type AwaitedSource, type StartOptions } from './start-sources.ts';

export interface MeshParts {
  readonly catalog: CatalogWriter;
  readonly sources: readonly AwaitedSource[];
  readonly authenticator: MeshAuthenticator;
  readonly cluster: KubernetesCluster | undefined;
  readonly registries: readonly NacosRegistry[];
  /** What the sources have in common; called after them. */
  readonly close?: (() => void) | undefined;
  readonly log: Log;
  readonly times?: Pick<StartOptions, 'brieflyMs' | 'complainMs'>;
}

/** An authenticator, and what it needs to be started and followed where it has something of its own. */
export interface MeshAuthenticator extends Authenticator {
  /** Rejects with a ConfigError where its file is missing or wrong. */
  start?(): Promise<void>;
  problems?(): readonly string[];
  close?(): void;
}

const UNTIL_THEN = 'until then sidecars keep what they know of before, lanes and rules included';

/** Several sources as one: all of them write to the one catalog. */
export function assembleMesh(parts: MeshParts): MeshSource {
  const { catalog, authenticator, cluster, registries, log, times } = parts;
  const sources = parts.sources.map(({ source }) => source);
  const late = parts.sources.filter(({ patience }) => patience === 'briefly');
  // What is listened for without them is not everything.
  const expected = new Map(late.map(({ source }) => [source, catalog.expectMore()]));
  const onRead = (source: Source): void => expected.get(source)?.();
  const starting = startSources({ sources: parts.sources, log, onRead, ...times });
  const findings = (): readonly string[] => [
    ...sources.flatMap((source) => source.findings()),
    ...catalog.findings(),
  ];
  return {
    ...{ catalog, authenticator, registries, findings },
    cluster: cluster?.access,
    want: wanting(sources),
    async start() {
      await Promise.all([authenticator.start?.(), starting.run()]);
    },
    awaited: () => starting.pending().map(notRead),
    problems() {
      const pending = new Set(starting.pending());
      const ofSources = sources.flatMap((source) =>
        pending.has(source) ? [`${notRead(source)}; ${UNTIL_THEN}`] : source.problems(),
      );
      return [...ofSources, ...(authenticator.problems?.() ?? [])];
    },
    tell: (board) => cluster?.tell(board),
    async drain() {
      await cluster?.drain();
    },
    close() {
      starting.cancel();
      for (const source of sources) source.close();
      authenticator.close?.();
      cluster?.close();
      parts.close?.();
    },
  };
}

/** Undefined where nobody wants to know: the publisher then keeps no account. */
function wanting(sources: readonly Source[]): Want | undefined {
  const curious = sources.filter((source) => source.want !== undefined);
  if (curious.length === 0) return undefined;
  return (change) => curious.flatMap((source) => source.want?.(change) ?? []);
}
