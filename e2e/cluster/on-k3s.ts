import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testImages } from '../promises/images.ts';
import type { Request } from './arguments.ts';
import { resumeCommands, run, tryRun } from './command.ts';
import type { ImageRecipe } from './images.ts';
import { clusterFolder } from './layout.ts';
import { productImages } from './product-images.ts';
import { say, step } from './steps.ts';
import { tryPromises } from './try-promises.ts';
import { VERSIONS } from './versions.ts';

/** The release of k3s of the same Kubernetes as `--cluster build`; LANEKEEPER_E2E_K3S_IMAGE names another. */
const IMAGE = process.env['LANEKEEPER_E2E_K3S_IMAGE'] ?? `rancher/k3s:${VERSIONS.kubernetes}-k3s1`;

/** The promises on k3s in a container of the machine's Docker engine, which pulls its image and our base images. */
export async function runOnK3s(request: Request): Promise<number> {
  await requirePrograms();
  const images = [...productImages(), ...(await testImages())];
  await step('our images and those of the promises', async (report) => {
    for (const image of images) {
      report(image.name);
      await dockerBuild(image);
    }
  });
  // Its own watcher removes containers when this process ends, unless it is told not to.
  if (request.keep) process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { K3sContainer } = await import('@testcontainers/k3s');
  const container = await step(`k3s of ${IMAGE}`, () => new K3sContainer(IMAGE).start());
  const folder = clusterFolder(`k3s-${container.getId().slice(0, 12)}`);
  try {
    mkdirSync(folder, { recursive: true });
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, container.getKubeConfig(), { mode: 0o600 });
    await step('images into the cluster', async () => {
      const archive = join(folder, 'images.tar');
      await run('docker', ['save', '--output', archive, ...images.map(({ name }) => name)]);
      await container.copyFilesToContainer([{ source: archive, target: '/tmp/images.tar' }]);
      rmSync(archive);
      const { exitCode, output } = await container.exec([
        'k3s',
        'ctr',
        'images',
        'import',
        '/tmp/images.tar',
      ]);
      if (exitCode !== 0) throw new Error(`k3s ctr images import: exit code ${exitCode}\n${output}`);
    });
    const code = await tryPromises(request, { kubeconfig, variables: { CLUSTER: 'k3s' } });
    if (request.keep)
      say(`k3s is up: export KUBECONFIG=${kubeconfig}; take it down: docker rm --force ${container.getId()}`);
    return code;
  } finally {
    resumeCommands();
    if (!request.keep) {
      await step('taking k3s down', () => container.stop());
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function dockerBuild({
  name,
  dockerfile,
  context,
  buildArgs = {},
  target,
}: ImageRecipe): Promise<void> {
  const values = Object.entries(buildArgs).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const stage = target === undefined ? [] : ['--target', target];
  await run('docker', [
    'build',
    '--quiet',
    '--tag',
    name,
    '--file',
    dockerfile,
    ...values,
    ...stage,
    context,
  ]);
}

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'a Docker engine that answers': ['docker', 'version', '--format={{.Server.Version}}'],
  kubectl: ['kubectl', 'version', '--client'],
  'Helm 3 or 4': ['helm', 'version'],
};

async function requirePrograms(): Promise<void> {
  const missing: string[] = [];
  for (const [what, [program = '', ...args]] of Object.entries(PROGRAMS)) {
    const found = await tryRun(program, args, { timeoutMs: 20_000 }).catch(() => undefined);
    if (found?.code !== 0) missing.push(what);
  }
  if (missing.length === 0) return;
  throw new Error(
    `--cluster k3s needs ${missing.join(', ')}. Without a Docker engine, as root on Linux: npm run e2e -- --cluster build`,
  );
}
