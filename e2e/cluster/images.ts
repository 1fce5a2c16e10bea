import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tryRun } from './command.ts';
import { OVERLAYFS_MAGIC } from './configuration.ts';
import { CACHE, type Layout } from './layout.ts';
import { ctr } from './readiness.ts';

/** An image to be made of a Dockerfile; its base images must be there (base-images.ts), nothing is pulled. */
export interface ImageRecipe {
  /** As a pod spec names it: `lanekeeper/sidecar:0.1.0`. */
  readonly name: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Of a Dockerfile with several stages; the last one without it. */
  readonly target?: string;
}

const IMAGES = join(CACHE, 'images');

/** Builds an image; unchanged steps come from the cache. */
export async function buildImage({
  name,
  dockerfile,
  context,
  buildArgs,
  target,
}: ImageRecipe): Promise<void> {
  await buildah([
    ...[
      'bud',
      '--isolation',
      'chroot',
      '--network',
      'host',
      '--pull-never',
      '--layers',
      '--format',
      'docker',
    ],
    ...Object.entries(buildArgs ?? {}).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    ...(target === undefined ? [] : ['--target', target]),
    ...['--tag', fullName(name), '--file', dockerfile, context],
  ]);
}

export async function hasImage(name: string): Promise<boolean> {
  return (await idOf(name)) !== undefined;
}

async function idOf(name: string): Promise<string | undefined> {
  const { code, stdout } = await buildahTry([
    'inspect',
    '--type',
    'image',
    '--format',
    '{{.FromImageID}}',
    fullName(name),
  ]);
  return code === 0 ? stdout.trim() : undefined;
}

/** Puts built images into the cluster's containerd, all in one archive: what they share is read once. */
export async function importImages(layout: Layout, names: readonly string[]): Promise<void> {
  const archive = join(layout.folder, `images.${process.pid}`);
  rmSync(archive, { recursive: true, force: true });
  mkdirSync(archive, { recursive: true });
  try {
    for (const [index, name] of names.entries())
      await buildah([
        'push',
        '--quiet',
        '--disable-compression',
        fullName(name),
        `oci:${archive}:image-${index}`,
      ]);
    nameImages(join(archive, 'index.json'), names);
    const tar = `${archive}.tar`;
    try {
      await run('tar', ['-C', archive, '-cf', tar, '.']);
      await ctr(layout, ['images', 'import', tar]);
    } finally {
      rmSync(tar, { force: true });
    }
  } finally {
    rmSync(archive, { recursive: true, force: true });
  }
}

interface OciIndex {
  readonly manifests: readonly { readonly annotations: Record<string, string> }[];
}

/** A layout's own annotation holds a tag only; containerd reads the whole name from another one. */
function nameImages(file: string, names: readonly string[]): void {
  const index = JSON.parse(readFileSync(file, 'utf8')) as OciIndex;
  for (const { annotations } of index.manifests) {
    const [, number = ''] =
      /^image-(\d+)$/.exec(annotations['org.opencontainers.image.ref.name'] ?? '') ?? [];
    annotations['io.containerd.image.name'] = fullName(names[Number(number)] ?? '');
  }
  writeFileSync(file, JSON.stringify(index));
}

/** A name without a registry is one of docker.io, as Docker and Kubernetes take it. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
}

export async function buildah(args: readonly string[]): Promise<string> {
  return run('buildah', [...(await storage()), ...args], { timeoutMs: 900_000 });
}

async function buildahTry(args: readonly string[]) {
  return tryRun('buildah', [...(await storage()), ...args]);
}

/** A store of its own: nothing of the machine's is used or changed. */
async function storage(): Promise<string[]> {
  if (!existsSync(IMAGES)) mkdirSync(IMAGES, { recursive: true });
  const { type } = await statfs(IMAGES);
  const driver = type === OVERLAYFS_MAGIC ? 'vfs' : 'overlay';
  return [
    ...['--root', join(IMAGES, 'store'), '--runroot', '/run/lanekeeper-images'],
    '--storage-driver',
    driver,
  ];
}
