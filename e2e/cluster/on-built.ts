import { join } from 'node:path';
import { testImages } from '../promises/images.ts';
import type { Request } from './arguments.ts';
import { NODE_IMAGE } from './base-images.ts';
import { HELM3, HELM4 } from './binaries.ts';
import { resumeCommands, run } from './command.ts';
import { KUBECTL } from './components.ts';
import { isOwn, takeDownOwn } from './down.ts';
import { buildImage } from './images.ts';
import { importImages } from './import-images.ts';
import { ROOT, type Layout } from './layout.ts';
import { productImages } from './product-images.ts';
import { step } from './steps.ts';
import { tryPromises } from './try-promises.ts';
import { bringUp, keep, prepare } from './up.ts';
import { usage } from './usage.ts';

/** Makes a cluster for the promises, tries them and takes it down, however that went; `keep` leaves it to the user. */
export async function runOnBuilt(request: Request): Promise<number> {
  await prepare();
  const images = await buildImages();
  return withCluster(request, async (layout) => {
    // The quick start's manifests name the public image itself.
    await step('images into the cluster', () => importImages(layout, [...images, NODE_IMAGE]));
    return tryPromises(request, {
      kubeconfig: layout.kubeconfig,
      logs: layout.logs,
      variables: {
        CLUSTER: 'build',
        CLUSTER_NAME: layout.name,
        KUBECTL,
        HELM: HELM3,
        HELM4,
        NODE_ADDRESS: layout.nodeAddress,
      },
    });
  });
}

async function withCluster(request: Request, work: (layout: Layout) => Promise<number>): Promise<number> {
  try {
    const layout = await bringUp(request.name);
    const code = await work(layout);
    if (request.keep) {
      keep(layout);
      process.stdout.write(usage(layout));
    }
    return code;
  } finally {
    // Also when it was interrupted: what it takes to clean up must run.
    resumeCommands();
    if (isOwn(request.name)) await step('taking the cluster down', () => takeDownOwn(request.name));
  }
}

/** Ours and those of the promises, from their Dockerfiles; what has not changed comes from the cache. */
async function buildImages(): Promise<string[]> {
  const images = [...productImages(), ...(await testImages())];
  await step('our images and those of the promises', async (report) => {
    // The Dockerfiles take the bundles as they are when they are of these very sources, and need no network then.
    await run(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT });
    for (const image of images) {
      report(image.name);
      await buildImage(image);
    }
  });
  return images.map(({ name }) => name);
}
