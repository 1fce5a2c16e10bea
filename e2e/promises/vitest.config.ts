import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** After all others, in this order: they take parts of the mesh away, and at last all of it. */
const LAST = ['control-plane-down', 'injector-down', 'api-server-restart', 'upgrade', 'uninstall'];

function rank({ moduleId }: TestSpecification): number {
  return LAST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
}

class DisruptiveLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['*.test.ts'],
    globalSetup: ['setup.ts'],
    // Pods start on machines of two cores, some beside others.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One mesh for all, and some promises take it apart.
    fileParallelism: false,
    sequence: { sequencer: DisruptiveLast },
    pool: 'forks',
    reporters: ['verbose'],
  },
});
