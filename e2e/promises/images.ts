import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const context = fileURLToPath(new URL('../../.cache/e2e-apps/', import.meta.url));

/** The image of everything but seed 001. */
export const APP_IMAGE = 'lanekeeper-e2e/app:1';
/** In place of the seed's `registry.cn-hangzhou.aliyuncs.com/mse-governance-demo/`. */
export const SEED_IMAGES = 'lanekeeper-e2e/';

const STAGES: Readonly<Record<string, string>> = {
  [APP_IMAGE]: 'app',
  [`${SEED_IMAGES}spring-cloud-a:3.0.1`]: 'spring-cloud-a',
  [`${SEED_IMAGES}spring-cloud-b:3.0.1`]: 'spring-cloud-b',
  [`${SEED_IMAGES}spring-cloud-c:3.0.1`]: 'spring-cloud-c',
};

export interface TestImage {
  readonly name: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly target: string;
}

/** What the cluster must have before the promises are tried, FROM `node:24-bookworm-slim`; bundles the applications first. */
export async function testImages(): Promise<readonly TestImage[]> {
  mkdirSync(context, { recursive: true });
  await build({
    entryPoints: [`${folder}apps/main.ts`],
    outfile: `${context}main.mjs`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Dependencies in CommonJS call `require` for Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    external: ['bufferutil', 'utf-8-validate'],
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
  });
  return Object.entries(STAGES).map(([name, target]) => ({
    name,
    dockerfile: `${folder}apps/Dockerfile`,
    context,
    target,
  }));
}
