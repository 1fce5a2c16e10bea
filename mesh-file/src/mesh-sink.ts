import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { ConfigProblem } from '@lanekeeper/runtime/env';

/** Who takes what a file says of a mesh: the sidecar's store of snapshots, the control plane's catalog. */
export type MeshSink = DocumentSink<MeshConfig>;

export interface DocumentSink<T> {
  /** Puts it in force; false when that is no news. Throws a ConfigError, and changes nothing, when it cannot be used. */
  accept(content: T): boolean;
  /** Keeps what is in force and remembers why the newest is not. */
  reject(problems: readonly ConfigProblem[]): void;
  /** A content hash of what is in force. */
  status(): { readonly generation: string };
}
