import type { MeshConfig } from '@lanekeeper/protocol/model';
import { decodeConfig } from '@lanekeeper/mesh-file/decode-config';
import type { Decoded } from '@lanekeeper/mesh-file/decode-document';
import { describeFileProblem, followFile, type FileSource } from '@lanekeeper/mesh-file/file-source';
import type { Log } from '@lanekeeper/runtime/log';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { Source } from '../source.ts';
import { FileMeshSink } from './file-mesh-sink.ts';

export interface FileMeshOptions {
  readonly path: string;
  readonly catalog: CatalogWriter;
  /** `elsewhere`: other sources know services too, so the file may name some that it does not declare. */
  readonly otherServices: 'none' | 'elsewhere';
  readonly log: Log;
}

/** A mesh, or a part of one, that somebody has written down. */
export function createFileMesh({ path, catalog, otherServices, log }: FileMeshOptions): Source {
  const sink = new FileMeshSink(catalog);
  const decode = (text: string): Decoded<MeshConfig> => {
    const decoded = decodeConfig(text, { otherServices });
    return 'problems' in decoded ? decoded : { value: decoded.config };
  };
  let file: FileSource | undefined;
  let isClosed = false;
  return {
    name: 'file',
    async start() {
      file = await followFile({ path, decode, sink, log });
      if (isClosed) file.close();
    },
    problems: () => sink.status().problems.map((problem) => describeFileProblem(path, problem)),
    findings: () => [],
    close() {
      isClosed = true;
      file?.close();
    },
  };
}
