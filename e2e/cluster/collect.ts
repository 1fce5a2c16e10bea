import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryRun } from './command.ts';
import { step } from './steps.ts';
import type { Target } from './try-promises.ts';

interface Pod {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

interface Container {
  readonly name: string;
}

/** Answered by the admin port of every sidecar, on loopback only: they are asked from within. */
const SIDECAR = 'lanekeeper-sidecar';
const SIDECAR_PAGES = ['config', 'hops', 'clusters', 'lanes', 'metrics'];
const AT_ONCE = 4;

/**
 * Puts what explains a failure into a folder and says where it is: objects, events, descriptions, the logs of every container (of
 * the one before, too), what sidecars say of themselves, the logs of the cluster's parts. Takes what it can get.
 */
export async function collect(target: Target, folder: string): Promise<void> {
  await step('collecting what explains it', async () => {
    const write = writer(folder);
    const ask = asker(target);
    if (target.logs !== undefined && existsSync(target.logs))
      cpSync(target.logs, join(folder, 'components'), { recursive: true });
    await Promise.all([
      ask(['get', 'nodes,namespaces,all,endpointslices,leases', '-A', '-o', 'wide']).then(
        write('objects.txt'),
      ),
      ask(['get', 'events', '-A', '--sort-by=.metadata.creationTimestamp']).then(write('events.txt')),
      ask(['get', 'mutatingwebhookconfigurations', '-o', 'yaml']).then(write('webhooks.yaml')),
      ask(['describe', 'pods', '-A']).then(write('pods.txt')),
    ]);
    const pods = podsIn(await ask(['get', 'pods', '-A', '-o', 'json']));
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let pod = pods.pop(); pod !== undefined; pod = pods.pop()) await collectPod(pod, { ask, folder });
    });
    await Promise.all(workers);
  });
  process.stderr.write(`\nwhat explains the failure is in ${folder}\n`);
}

interface Means {
  readonly ask: (args: readonly string[]) => Promise<string>;
  readonly folder: string;
}

async function collectPod({ metadata, spec }: Pod, { ask, folder }: Means): Promise<void> {
  const { namespace, name } = metadata;
  const write = writer(join(folder, 'pods', namespace, name));
  const containers = [...(spec.initContainers ?? []), ...spec.containers].map((container) => container.name);
  for (const container of containers) {
    const logs = ['logs', '--namespace', namespace, name, '--container', container];
    await ask([...logs, '--tail=5000']).then(write(`${container}.log`));
    const previous = await ask([...logs, '--previous']);
    if (!previous.includes('previous terminated container')) write(`${container}.previous.log`)(previous);
  }
  if (!containers.includes(SIDECAR)) return;
  for (const page of SIDECAR_PAGES) {
    const script = `fetch('http://127.0.0.1:15000/${page}').then(async (r) => process.stdout.write(await r.text()))`;
    const inside = [
      'exec',
      '--namespace',
      namespace,
      name,
      '--container',
      SIDECAR,
      '--',
      'node',
      '-e',
      script,
    ];
    await ask(inside).then(write(`${SIDECAR}.${page}`));
  }
}

/** kubectl's output, or what it said instead. */
function asker({ kubeconfig, variables }: Target): Means['ask'] {
  return async (args) => {
    const all = ['--kubeconfig', kubeconfig, '--request-timeout=15s', ...args];
    try {
      return (await tryRun(variables['KUBECTL'] ?? 'kubectl', all, { timeoutMs: 30_000 })).output;
    } catch (error) {
      return `${String(error)}\n`;
    }
  };
}

function writer(folder: string): (file: string) => (content: string) => void {
  mkdirSync(folder, { recursive: true });
  return (file) => (content) => writeFileSync(join(folder, file), content);
}

function podsIn(json: string): Pod[] {
  try {
    return (JSON.parse(json) as { items: Pod[] }).items;
  } catch {
    // The API server does not answer; its own log says why.
    return [];
  }
}
