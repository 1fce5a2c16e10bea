import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './command.ts';
import { snapshotterOf } from './configuration.ts';
import { blobsOf, exportImage } from './image-blobs.ts';
import { fullName, IMAGES } from './images.ts';
import type { Layout } from './layout.ts';
import { ctr } from './readiness.ts';

/** Puts built images into the cluster's containerd, all in one archive (an OCI image layout): what they share is read once. */
export async function importImages(layout: Layout, names: readonly string[]): Promise<void> {
  const folder = join(IMAGES, `archive.${process.pid}`);
  const archive = `${folder}.tar`;
  try {
    await writeLayout(folder, names);
    await run('tar', ['-C', folder, '-cf', archive, '.']);
    await ctr(layout, ['images', 'import', '--snapshotter', await snapshotterOf(layout), archive]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(archive, { force: true });
  }
}

async function writeLayout(folder: string, names: readonly string[]): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(blobs, { recursive: true });
  const manifests: unknown[] = [];
  for (const name of names) {
    const manifest = await exportImage(name);
    for (const blob of blobsOf(manifest)) {
      const target = join(blobs, basename(blob));
      if (!existsSync(target)) linkSync(blob, target);
    }
    // The name by which containerd will know it.
    manifests.push({ ...manifest, annotations: { 'io.containerd.image.name': fullName(name) } });
  }
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}
