import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildNacosServer } from '@lanekeeper/playground/nacos-server/build-nacos-server';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const context = fileURLToPath(new URL('../../.cache/e2e-apps/', import.meta.url));
const nacosContext = fileURLToPath(new URL('../../.cache/e2e-nacos-image/', import.meta.url));

/** The image of everything but seed 001. */
export const APP_IMAGE = 'lanekeeper-e2e/app:1';
/** In place of the seed's `registry.cn-hangzhou.aliyuncs.com/mse-governance-demo/`. */
export const SEED_IMAGES = 'lanekeeper-e2e/';
/** The same for applications that find each other in Nacos, and for its server. */
export const NACOS_SEED_IMAGES = 'lanekeeper-e2e-nacos/';

const STAGES: Readonly<Record<string, string>> = {
  [APP_IMAGE]: 'app',
  [`${SEED_IMAGES}spring-cloud-a:3.0.1`]: 'spring-cloud-a',
  [`${SEED_IMAGES}spring-cloud-b:3.0.1`]: 'spring-cloud-b',
  [`${SEED_IMAGES}spring-cloud-c:3.0.1`]: 'spring-cloud-c',
  [`${NACOS_SEED_IMAGES}spring-cloud-a:3.0.1`]: 'spring-cloud-a-nacos',
  [`${NACOS_SEED_IMAGES}spring-cloud-b:3.0.1`]: 'spring-cloud-b-nacos',
  [`${NACOS_SEED_IMAGES}spring-cloud-c:3.0.1`]: 'spring-cloud-c-nacos',
};

export interface TestImage {
  readonly name: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly target?: string;
}

/** What the cluster must have before the promises are tried; bundles the applications and builds the Nacos server first. */
export async function testImages(): Promise<readonly TestImage[]> {
  return [...(await appImages()), await nacosImage()];
}

/** FROM `debian:bookworm-slim`, with a JRE. */
async function nacosImage(): Promise<TestImage> {
  const jar = await buildNacosServer();
  mkdirSync(nacosContext, { recursive: true });
  copyFileSync(jar, `${nacosContext}nacos-server.jar`);
  const name = `${NACOS_SEED_IMAGES}nacos-server:v2.1.2`;
  return { name, dockerfile: `${folder}nacos-server/Dockerfile`, context: nacosContext };
}

/** FROM `node:24-bookworm-slim`. */
async function appImages(): Promise<readonly TestImage[]> {
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
