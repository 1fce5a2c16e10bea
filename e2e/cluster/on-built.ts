import { testImages } from '../promises/images.ts';
import type { Request } from './arguments.ts';
import { NODE_IMAGE } from './base-images.ts';
import { HELM3, HELM4 } from './binaries.ts';
import { KUBECTL } from './components.ts';

import { importImages } from './import-images.ts';
import { buildAll, productImages } from './product-images.ts';
import { step } from './steps.ts';
import { tryPromises } from './try-promises.ts';
import { prepare } from './up.ts';
import { withCluster } from './with-cluster.ts';

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

/** Ours and those of the promises, from their Dockerfiles; what has not changed comes from the cache. */
async function buildImages(): Promise<string[]> {
  const images = [...productImages(), ...(await testImages())];
  await step('our images and those of the promises', (report) => buildAll(images, report));
  return images.map(({ name }) => name);
}
