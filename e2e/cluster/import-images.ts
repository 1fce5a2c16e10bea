import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { snapshotterOf } from './configuration.ts';
import { buildah, fullName, imageId, IMAGES } from './images.ts';
import type { Layout } from './layout.ts';
import { ctr } from './readiness.ts';

/** An OCI image layout's index.json. */
interface OciIndex {
  readonly manifests: readonly { readonly annotations?: Readonly<Record<string, string>> }[];
}

const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** Puts built images into the cluster's containerd, all in one archive: what they share is read once. */
export async function importImages(layout: Layout, names: readonly string[]): Promise<void> {
  const folder = join(IMAGES, `archive.${process.pid}`);
  const tar = `${folder}.tar`;
  try {
    const layouts: string[] = [];
    for (const name of names) layouts.push(await layoutOfImage(name));
    merge(layouts, names, folder);
    await run('tar', ['-C', folder, '-cf', tar, '.']);
    await ctr(layout, ['images', 'import', '--snapshotter', await snapshotterOf(layout), tar]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(tar, { force: true });
  }
}

/** The image as an OCI layout, a folder; written (and compressed) anew only when the image has changed. */
async function layoutOfImage(name: string): Promise<string> {
  const id = await imageId(name);
  if (id === undefined) throw new Error(`there is no image ${name}: build it first`);
  const folder = join(IMAGES, 'oci', encodeURIComponent(fullName(name)));
  const stamp = join(folder, 'image-id');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === id) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await buildah(['push', '--quiet', fullName(name), `oci:${folder}:image`]);
  writeFileSync(stamp, id);
  return folder;
}

/** One layout of several. Its own annotation holds a tag only; containerd reads the whole name from another one. */
function merge(layouts: readonly string[], names: readonly string[], into: string): void {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(join(into, 'blobs', 'sha256'), { recursive: true });
  const manifests = layouts.flatMap((layout, at) => {
    for (const blob of readdirSync(join(layout, 'blobs', 'sha256'))) {
      const target = join(into, 'blobs', 'sha256', blob);
      if (!existsSync(target)) linkSync(join(layout, 'blobs', 'sha256', blob), target);
    }
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as OciIndex;
    const annotations = { 'io.containerd.image.name': fullName(names[at] ?? '') };
    return index.manifests.map((manifest) => ({ ...manifest, annotations }));
  });
  writeFileSync(join(into, 'oci-layout'), LAYOUT_VERSION);
  writeFileSync(join(into, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}
