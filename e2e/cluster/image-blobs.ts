import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildah, fullName, imageId, IMAGES } from './images.ts';

/** A manifest as an OCI index names it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface ImageRecord {
  readonly id: string;
  readonly manifest: Descriptor;
}

const BLOBS = join(IMAGES, 'blobs');
const RECORDS = join(IMAGES, 'records');

export function blobFile(digest: string): string {
  return join(BLOBS, digest.replace('sha256:', ''));
}

/**
 * The manifest of a built image, its blobs in files that images share; taken out of the store only when the image has changed.
 * Layers stay as they are: compressing them would cost ten times what reading them does.
 */
export async function exportImage(name: string): Promise<Descriptor> {
  const id = await imageId(name);
  if (id === undefined) throw new Error(`there is no image ${name}: build it first`);
  const file = join(RECORDS, `${encodeURIComponent(fullName(name))}.json`);
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ImageRecord) : undefined;
  if (known?.id === id && blobsOf(known.manifest).every((blob) => existsSync(blob))) return known.manifest;
  const manifest = await takeOut(name);
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(file, JSON.stringify({ id, manifest } satisfies ImageRecord));
  removeUnusedBlobs();
  return manifest;
}

/** The files of an image: its manifest, configuration and layers. */
export function blobsOf({ digest }: Descriptor): string[] {
  const file = blobFile(digest);
  if (!existsSync(file)) return [file];
  const { config, layers } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return [file, ...[config, ...layers].map((each) => blobFile(each.digest))];
}

async function takeOut(name: string): Promise<Descriptor> {
  const folder = join(IMAGES, `export.${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  try {
    await buildah(['push', '--quiet', '--disable-compression', fullName(name), `dir:${folder}`]);
    mkdirSync(BLOBS, { recursive: true });
    for (const file of readdirSync(folder)) {
      if (/^[0-9a-f]{64}$/.test(file)) renameSync(join(folder, file), join(BLOBS, file));
    }
    const bytes = readFileSync(join(folder, 'manifest.json'));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    writeFileSync(blobFile(digest), bytes);
    const { mediaType } = JSON.parse(bytes.toString('utf8')) as Manifest;
    return { mediaType, digest, size: statSync(blobFile(digest)).size };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Another run may have put some here whose record it has not written yet: the young ones stay. */
const YOUNG_MS = 600_000;

function removeUnusedBlobs(): void {
  const records = readdirSync(RECORDS).map(
    (file) => JSON.parse(readFileSync(join(RECORDS, file), 'utf8')) as ImageRecord,
  );
  const used = new Set(records.flatMap(({ manifest }) => blobsOf(manifest)));
  for (const file of readdirSync(BLOBS)) {
    const blob = join(BLOBS, file);
    if (!used.has(blob) && Date.now() - statSync(blob).mtimeMs > YOUNG_MS) rmSync(blob, { force: true });
  }
}
