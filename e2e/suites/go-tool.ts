import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../harness/process.ts';

const CACHE = fileURLToPath(new URL('../../.cache/go-tools/', import.meta.url));

export interface GoTool {
  /** Folder of its own: two tools may bear one name. */
  readonly folder: string;
  readonly module: string;
  readonly binary: string;
}

export const GO_TOOLS = {
  h2spec: {
    folder: 'h2spec',
    module: 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible',
    binary: 'h2spec',
  },
  h2specd: {
    folder: 'h2spec',
    module: 'github.com/summerwind/h2spec/cmd/h2specd@v2.2.1+incompatible',
    binary: 'h2specd',
  },
  interopClient: {
    folder: 'interop-client',
    module: 'google.golang.org/grpc/interop/client@v1.85.0',
    binary: 'client',
  },
  interopServer: {
    folder: 'interop-server',
    module: 'google.golang.org/grpc/interop/server@v1.85.0',
    binary: 'server',
  },
} as const satisfies Record<string, GoTool>;

/** Builds a pinned tool with `go install`, once a checkout; answers the path of its binary. */
export async function goTool(tool: GoTool): Promise<string> {
  const folder = join(CACHE, tool.folder, tool.module.slice(tool.module.lastIndexOf('@') + 1));
  const binary = join(folder, tool.binary);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`· building ${tool.module}\n`);
  const built = await runToEnd('go', ['install', tool.module], {
    timeoutMs: 600_000,
    env: { GOBIN: folder },
  });
  if (built.code !== 0) throw new Error(`go install ${tool.module} failed:\n${built.output}`);
  return binary;
}
