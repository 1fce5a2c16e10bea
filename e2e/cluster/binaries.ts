import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { KUBERNETES_BIN } from './components.ts';
import { CACHE, ROOT } from './layout.ts';
import { step } from './steps.ts';
import { VERSIONS } from './versions.ts';

/** A set of programs that one `go build` makes. */
interface Build {
  readonly what: string;
  readonly folder: string;
  readonly programs: readonly string[];
  readonly make: (into: string) => Promise<void>;
}

const GO_MODULE = join(ROOT, 'e2e', 'cluster', 'go');
const FLAGS = ['-trimpath', '-ldflags'];
const ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubectl',
  'kubelet',
];

const BUILDS: readonly Build[] = [
  {
    what: `Kubernetes ${VERSIONS.kubernetes}`,
    folder: KUBERNETES_BIN,
    programs: KUBERNETES_PROGRAMS,
    make: buildKubernetes,
  },
  installed(
    `CoreDNS ${VERSIONS.coredns}`,
    `coredns-${VERSIONS.coredns}`,
    `github.com/coredns/coredns@${VERSIONS.coredns}`,
  ),
  installed(`Helm ${VERSIONS.helm3}`, `helm-${VERSIONS.helm3}`, `helm.sh/helm/v3/cmd/helm@${VERSIONS.helm3}`),
  installed(`Helm ${VERSIONS.helm4}`, `helm-${VERSIONS.helm4}`, `helm.sh/helm/v4/cmd/helm@${VERSIONS.helm4}`),
  { what: 'the pause program', folder: join(CACHE, 'bin', 'pause-1'), programs: ['pause'], make: buildPause },
];

export const HELM3 = join(CACHE, 'bin', `helm-${VERSIONS.helm3}`, 'helm');
export const HELM4 = join(CACHE, 'bin', `helm-${VERSIONS.helm4}`, 'helm');
export const PAUSE = join(CACHE, 'bin', 'pause-1', 'pause');

/** Builds what is missing from Go modules; what is there stays. */
export async function buildBinaries(): Promise<void> {
  requireOneVersion();
  await buildMissing(BUILDS);
}

/** All that the tests of the chart need. */
export function buildHelm(): Promise<void> {
  return buildMissing(BUILDS.filter(({ programs }) => programs.includes('helm')));
}

async function buildMissing(builds: readonly Build[]): Promise<void> {
  for (const { what, folder, programs, make } of builds) {
    if (programs.every((program) => existsSync(join(folder, program)))) continue;
    await step(`building ${what} (once)`, async () => {
      // Moved into place when it is whole: an interrupted build leaves nothing that looks done.
      const draft = `${folder}.${process.pid}`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      try {
        await make(`${draft}/`);
        rmSync(folder, { recursive: true, force: true });
        renameSync(draft, folder);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    });
  }
}

function installed(what: string, folder: string, module: string): Build {
  const programs = [module.slice(module.lastIndexOf('/') + 1, module.lastIndexOf('@'))];
  const make = async (into: string): Promise<void> => {
    const options = { cwd: CACHE, env: { ...ENVIRONMENT, GOBIN: into }, timeoutMs: 1_200_000 };
    await run('go', ['install', ...FLAGS, '-s -w', module], options);
  };
  return { what, folder: join(CACHE, 'bin', folder), programs, make };
}

async function buildKubernetes(into: string): Promise<void> {
  const [major = '', minor = ''] = VERSIONS.kubernetes.slice(1).split('.');
  const version = {
    gitVersion: VERSIONS.kubernetes,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  const values = Object.entries(version).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  const packages = KUBERNETES_PROGRAMS.map((program) => `k8s.io/kubernetes/cmd/${program}`);
  const options = { cwd: GO_MODULE, env: ENVIRONMENT, timeoutMs: 2_400_000 };
  await run('go', ['build', ...FLAGS, `-s -w ${values.join(' ')}`, '-o', into, ...packages], options);
}

async function buildPause(into: string): Promise<void> {
  await run('go', ['build', ...FLAGS, '-s -w', '-o', into, './pause'], { cwd: GO_MODULE, env: ENVIRONMENT });
}

function requireOneVersion(): void {
  const module = readFileSync(join(GO_MODULE, 'go.mod'), 'utf8');
  if (
    module.includes(`\tk8s.io/kubernetes ${VERSIONS.kubernetes}`) ||
    module.includes(`k8s.io/kubernetes ${VERSIONS.kubernetes}\n`)
  )
    return;
  throw new Error(
    `e2e/cluster/versions.ts wants Kubernetes ${VERSIONS.kubernetes} and e2e/cluster/go/go.mod another: make them agree, then 'go mod tidy'`,
  );
}
