import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tryRun } from './command.ts';
import { OVERLAYFS_MAGIC } from './configuration.ts';
import { CACHE } from './layout.ts';

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

/** Images, and what is made on the way to them. */
export const IMAGES = join(CACHE, 'images');

const BUILD = ['bud', '--isolation=chroot', '--network=host', '--pull-never', '--layers', '--format=docker'];

/** Builds an image; unchanged steps come from the cache. */
export async function buildImage(recipe: ImageRecipe): Promise<void> {
  const { name, dockerfile, context, buildArgs = {}, target } = recipe;
  const values = Object.entries(buildArgs).map(([key, value]) => `--build-arg=${key}=${value}`);
  const stage = target === undefined ? [] : [`--target=${target}`];
  await buildah([...BUILD, ...values, ...stage, `--tag=${fullName(name)}`, `--file=${dockerfile}`, context]);
}

/** What an image is by its content; undefined when there is none of that name. */
export async function imageId(name: string): Promise<string | undefined> {
  const inspect = ['inspect', '--type=image', '--format={{.FromImageID}}', fullName(name)];
  const { code, stdout } = await tryRun('buildah', [...(await storage()), ...inspect]);
  return code === 0 ? stdout.trim() : undefined;
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

/** A store of this checkout's own: nothing of the machine's is used or changed. */
async function storage(): Promise<string[]> {
  if (!existsSync(IMAGES)) mkdirSync(IMAGES, { recursive: true });
  const { type } = await statfs(IMAGES);
  const driver = type === OVERLAYFS_MAGIC ? 'vfs' : 'overlay';
  // It notes what is mounted, which must not outlive a boot; and its path must be short.
  const notes = `/run/lanekeeper-images-${createHash('sha256').update(IMAGES).digest('hex').slice(0, 8)}`;
  return [`--root=${join(IMAGES, 'store')}`, `--runroot=${notes}`, `--storage-driver=${driver}`];
}
