import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { PAUSE } from './binaries.ts';
import { PAUSE_IMAGE } from './configuration.ts';
import { buildah, buildImage, imageId, IMAGES } from './images.ts';
import { ROOT } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import { markOf } from './process-mark.ts';
import { step } from './steps.ts';
import { VERSIONS } from './versions.ts';

/** Public images that Dockerfiles are FROM, put together here under their own names: no registry is asked. */
export const DEBIAN_IMAGE = 'docker.io/library/debian:bookworm-slim';
export const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';

/** Makes the base images that are not there yet. */
export async function makeBaseImages(): Promise<void> {
  await removeOldContexts();
  if ((await imageId(PAUSE_IMAGE)) === undefined) await step('image of pause (once)', makePause);
  if ((await imageId(DEBIAN_IMAGE)) === undefined)
    await step('base image of Debian bookworm (once)', makeDebian);
  if ((await imageId(madeOf())) === undefined)
    await step(`base image of Node ${nodeVersion()} (once)`, makeNode);
}

async function makePause(): Promise<void> {
  await inContext('pause', async (context) => {
    cpSync(PAUSE, join(context, 'pause'));
    await dockerfile(
      context,
      PAUSE_IMAGE,
      'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n',
    );
  });
}

async function makeDebian(): Promise<void> {
  await inContext('debian', async (context) => {
    const root = join(context, 'root');
    const options = ['--variant=minbase', '--include=ca-certificates'];
    await run('debootstrap', [...options, 'bookworm', root, 'http://deb.debian.org/debian']);
    for (const waste of [
      'var/cache/apt',
      'var/lib/apt/lists',
      'usr/share/doc',
      'usr/share/man',
      'usr/share/locale',
    ])
      rmSync(join(root, waste), { recursive: true, force: true });
    for (const needed of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial'])
      mkdirSync(join(root, needed), { recursive: true });
    // debootstrap leaves the machine's own names in it.
    for (const file of ['etc/hostname', 'etc/resolv.conf']) rmSync(join(root, file), { force: true });
    await run('tar', ['-C', root, '-cf', join(context, 'root.tar'), '.']);
    await dockerfile(context, DEBIAN_IMAGE, 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n');
  });
}

/** Of the binary that the npm registry has of Node, with npm beside it, as the public image has them. */
async function makeNode(): Promise<void> {
  await inContext('node', async (context) => {
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts'];
    writeFileSync(join(context, 'package.json'), '{"private":true}\n');
    await run(
      'npm',
      ['install', ...quiet, `node-linux-${process.arch}@${nodeVersion()}`, `npm@${VERSIONS.npm}`],
      { cwd: context },
    );
    const text = `FROM ${DEBIAN_IMAGE}
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY node_modules/node-linux-${process.arch}/bin/node /usr/local/bin/node
COPY node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
CMD ["node"]
`;
    await dockerfile(context, NODE_IMAGE, text);
    await buildah(['tag', NODE_IMAGE, madeOf()]);
  });
}

/** A second name of the Node image, so that a newer Node makes a new one. */
function madeOf(): string {
  return `docker.io/lanekeeper/base-node:${nodeVersion()}-npm-${VERSIONS.npm}`;
}

/** The one that the toolchain pins. */
function nodeVersion(): string {
  const file = join(ROOT, 'toolchain', 'node', 'package.json');
  const { optionalDependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
    optionalDependencies: Readonly<Record<string, string>>;
  };
  const version = optionalDependencies[`node-linux-${process.arch}`];
  if (version === undefined) throw new Error(`${file} has no Node for Linux on ${process.arch}`);
  return version;
}

async function dockerfile(context: string, name: string, content: string): Promise<void> {
  const path = join(context, 'Dockerfile');
  writeFileSync(path, content);
  await buildImage({ name, dockerfile: path, context });
}

async function inContext(name: string, work: (context: string) => Promise<void>): Promise<void> {
  const context = join(IMAGES, `context-${name}.${process.pid}`);
  mkdirSync(context, { recursive: true });
  try {
    await work(context);
  } finally {
    await removeContext(context);
  }
}

/** debootstrap that was ended leaves the kernel's file systems in its folder: never delete through them. */
async function removeContext(context: string): Promise<void> {
  await unmountBelow([context]);
  rmSync(context, { recursive: true, force: true });
}

/** Of runs that were killed. */
async function removeOldContexts(): Promise<void> {
  if (!existsSync(IMAGES)) return;
  for (const entry of readdirSync(IMAGES)) {
    const [, pid] = /^context-[a-z]+\.(\d+)$/.exec(entry) ?? [];
    if (pid !== undefined && markOf(Number(pid)).startTime === 'gone')
      await removeContext(join(IMAGES, entry));
  }
}
