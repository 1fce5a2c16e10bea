import { fileURLToPath } from 'node:url';

/** After all others, in this order: they take parts of the mesh away, and at last all of it. */
const LAST = [
  'control-plane-down',
  'injector-down',
  'lanes-while-nobody-checks',
  'api-server-restart',
  'upgrade',
  'uninstall',
  'helm-versions',
  'certificates-of-the-user',
];

interface TestFile {
  readonly moduleId: string;
}

function rank({ moduleId }: TestFile): number {
  return LAST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
}

/** A sequencer of vitest. */
class DisruptiveLast {
  sort<File extends TestFile>(files: File[]): File[] {
    return files.toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }

  shard<File extends TestFile>(files: File[]): File[] {
    return files;
  }
}

export default {
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
};
