import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getItems, tryKubectl } from './kubectl.ts';
import { sidecarOf, SIDECAR_CONTAINER, type Pod } from './pod.ts';

const SYSTEM = 'lanekeeper-system';
const ADMIN_PAGES = ['config', 'clusters', 'lanes', 'hops?limit=500', 'metrics'];

/** Where what is known of a failure is put: a folder for each promise. */
export function failuresFolder(): string {
  return (
    process.env['LANEKEEPER_E2E_COLLECT'] ??
    fileURLToPath(new URL('../../../.cache/e2e-failures/', import.meta.url))
  );
}

/** Logs, events, descriptions, and what each sidecar says of itself, of a namespace and of our own. Never fails: it tells of a failure. */
export async function collect(promise: string, namespace: string): Promise<void> {
  const folder = join(failuresFolder(), promise);
  mkdirSync(folder, { recursive: true });
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  for (const each of [namespace, SYSTEM]) {
    const within = ['--namespace', each];
    write(
      `${each}.objects.yaml`,
      await told([...within, 'get', 'pods,services,endpointslices,deployments,jobs', '--output=yaml']),
    );
    write(`${each}.describe.txt`, await told([...within, 'describe', 'pods']));
    write(`${each}.events.txt`, await told([...within, 'get', 'events', '--sort-by=.lastTimestamp']));
    for (const pod of await podsOf(each)) await collectPod(pod, { namespace: each, write });
  }
  process.stderr.write(`what is known of it: ${folder}\n`);
}

interface Place {
  readonly namespace: string;
  write(file: string, text: string): void;
}

async function collectPod(pod: Pod, { namespace, write }: Place): Promise<void> {
  const { name } = pod.metadata;
  const within = ['--namespace', namespace];
  const logs = await told([
    ...within,
    'logs',
    name,
    '--all-containers',
    '--prefix',
    '--tail=5000',
    '--ignore-errors',
  ]);
  write(`${name}.log`, logs);
  if (sidecarOf(pod) === undefined) return;
  write(
    `${name}.previous.log`,
    await told([...within, 'logs', name, '--container', SIDECAR_CONTAINER, '--previous']),
  );
  for (const page of ADMIN_PAGES) {
    const script = `fetch('http://127.0.0.1:15000/${page}').then((r) => r.text()).then((t) => process.stdout.write(t))`;
    const text = await told([
      ...within,
      'exec',
      name,
      '--container',
      SIDECAR_CONTAINER,
      '--',
      'node',
      '--eval',
      script,
    ]);
    write(`${name}.${page.replace(/\?.*/, '')}.txt`, text);
  }
}

async function podsOf(namespace: string): Promise<readonly Pod[]> {
  return getItems<Pod>(['--namespace', namespace, 'pods']).catch(() => []);
}

async function told(args: readonly string[]): Promise<string> {
  try {
    return (await tryKubectl(args, { timeoutMs: 30_000 })).output;
  } catch (error) {
    return `${String(error)}\n`;
  }
}
