import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { buildImage, type ImageRecipe } from './images.ts';
import { ROOT } from './layout.ts';

const DOCKERFILES: Readonly<Record<string, string>> = {
  sidecar: 'sidecar/Dockerfile',
  redirect: 'injector/redirect.Dockerfile',
  injector: 'injector/Dockerfile',
  'control-plane': 'control-plane/Dockerfile',
};

/** Our own images, of the Dockerfiles that users build with, under the names and tag that the chart asks for. */
export function productImages(): ImageRecipe[] {
  const tag = appVersion();
  return Object.entries(DOCKERFILES).map(([name, dockerfile]) => {
    const path = join(ROOT, dockerfile);
    if (!existsSync(path))
      throw new Error(`the image lanekeeper/${name} needs ${dockerfile}, which is not there`);
    return { name: `lanekeeper/${name}:${tag}`, dockerfile: path, context: ROOT };
  });
}

/** Builds images of Dockerfiles; what has not changed comes from the cache. */
export async function buildAll(
  images: readonly ImageRecipe[],
  report: (name: string) => void,
): Promise<void> {
  // The Dockerfiles take the bundles as they are when they are of these very sources, and need no network then.
  await run(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT });
  for (const image of images) {
    report(image.name);
    await buildImage(image);
  }
}

function appVersion(): string {
  const file = join(ROOT, 'helm', 'lanekeeper', 'Chart.yaml');
  const [, version] = /^appVersion: *"?([^"\s]+)"?$/m.exec(readFileSync(file, 'utf8')) ?? [];
  if (version === undefined) throw new Error(`${file} has no appVersion, which is the tag of our images`);
  return version;
}
