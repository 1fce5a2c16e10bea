import { join } from 'node:path';
import { run, tryRun } from '../../cluster/command.ts';
import { ROOT } from '../../cluster/layout.ts';
import { until } from '../../cluster/until.ts';
import { kubectl } from './kubectl.ts';
import { SIDECAR_CONTAINER } from './pod.ts';

export const SYSTEM = 'lanekeeper-system';
export const RELEASE = 'lanekeeper';
export const CONTROL_PLANE = 'lanekeeper-control-plane';
export const INJECTOR = 'lanekeeper-injector';

export const CHART = join(ROOT, 'helm', 'lanekeeper');
/** Tells our own release from one that people use. */
export const DESCRIPTION = 'made by the promises of Lanekeeper';
/** A machine that runs both the cluster and its users has two cores. */
export const VALUES = ['--set=injector.replicas=1', '--set=controlPlane.replicas=1'];

const HELM = process.env['LANEKEEPER_E2E_HELM'] ?? 'helm';

function helm(...args: readonly string[]): Promise<string> {
  return run(HELM, [...args, '--namespace', SYSTEM]);
}

/** Installs the chart, or upgrades it, as a user does, and waits until new pods get sidecars. */
export async function installChart(...more: readonly string[]): Promise<void> {
  const options = [
    '--install',
    '--create-namespace',
    '--wait',
    '--timeout=5m',
    `--description=${DESCRIPTION}`,
  ];
  await helm('upgrade', RELEASE, CHART, ...options, ...VALUES, ...more);
  await until('new pods get sidecars', async () => (await tryPod()).includes(SIDECAR_CONTAINER));
}

/** What the API server would make of a pod; kube-proxy needs a moment to lead it to an injector that has become ready. */
function tryPod(): Promise<string> {
  const pod = ['run', 'try', '--image=try', '--labels=lanekeeper.io/inject=true'];
  return kubectl([...pod, '--namespace=default', '--dry-run=server', '--output=json']);
}

export async function uninstallChart(): Promise<void> {
  await helm('uninstall', RELEASE, '--ignore-not-found', '--wait', '--timeout=5m');
}

interface Release {
  readonly name: string;
}

export async function findRelease(): Promise<'none' | 'ours' | 'foreign'> {
  const releases = JSON.parse(await helm('list', '--all', '--output=json')) as readonly Release[];
  if (!releases.some(({ name }) => name === RELEASE)) return 'none';
  const { stdout } = await tryRun(HELM, ['status', RELEASE, '--namespace', SYSTEM, '--output=json']);
  const { info } = JSON.parse(stdout) as { info: { description: string } };
  return info.description === DESCRIPTION ? 'ours' : 'foreign';
}

/** Sets how many replicas one of our Deployments has and waits until it is so, the old pods' end included. */
export async function scaleSystem(name: string, replicas: number): Promise<void> {
  const within = ['--namespace', SYSTEM];
  await kubectl([...within, 'scale', `deployment/${name}`, `--replicas=${replicas}`]);
  await kubectl([...within, 'rollout', 'status', `deployment/${name}`, '--timeout=180s']);
  if (replicas > 0) return;
  const component = name.replace(`${RELEASE}-`, '');
  const selector = `app.kubernetes.io/component=${component}`;
  await kubectl([...within, 'wait', '--for=delete', 'pod', '--selector', selector, '--timeout=120s']);
}
