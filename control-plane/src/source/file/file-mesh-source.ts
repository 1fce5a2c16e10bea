import { startFileSource, type FileSource } from '@lanekeeper/mesh-file/file-source';
import type { Log } from '@lanekeeper/runtime/log';
import { createCatalog } from '../../catalog/create-catalog.ts';
import { NO_AUTHENTICATION } from '../../publish/caller.ts';
import type { MeshSource } from '../mesh-source.ts';
import { FileMeshSink } from './file-mesh-sink.ts';

export interface FileMeshOptions {
  readonly path: string;
  readonly clusterDomain: string;
  readonly log: Log;
}

/** A mesh without Kubernetes: one file, and nobody who could review a token. */
export function createFileMeshSource({ path, clusterDomain, log }: FileMeshOptions): MeshSource {
  const catalog = createCatalog({ clusterDomain });
  const sink = new FileMeshSink(catalog);
  let source: FileSource | undefined;
  return {
    catalog,
    authenticator: NO_AUTHENTICATION,
    async start() {
      source = await startFileSource({ path, sink, log });
    },
    problems: () => sink.status().problems.map((problem) => `${problem.path}: ${problem.message}`),
    tell() {
      // There is only `/status`.
    },
    drain: () => Promise.resolve(),
    close: () => source?.close(),
  };
}
