import { run, tryRun, type CommandResult } from '../../cluster/command.ts';

/** Any object; what is read of it is narrowed by the caller's type. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface KubectlOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** The run brings the ones that fit its cluster; otherwise they are found as by a person. */
export const KUBECTL = process.env['LANEKEEPER_E2E_KUBECTL'] ?? 'kubectl';
const TIMEOUT_MS = 300_000;

/** kubectl against the cluster in KUBECONFIG; answers its standard output and fails with all it said. */
export function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
  return run(KUBECTL, args, { timeoutMs: TIMEOUT_MS, ...options });
}

/** The same, whatever its exit code. */
export function tryKubectl(args: readonly string[], options: KubectlOptions = {}): Promise<CommandResult> {
  return tryRun(KUBECTL, args, { timeoutMs: TIMEOUT_MS, ...options });
}

/** `kubectl get -o json`; a list without a name. */
export async function get<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', '--output=json', ...args])) as T;
}

export async function getItems<T>(args: readonly string[]): Promise<readonly T[]> {
  return (await get<{ items: readonly T[] }>(args)).items;
}

/** As a user applies a file; answers what kubectl said, warnings of the API server included. */
export async function apply(objects: readonly KubeObject[], namespace?: string): Promise<string> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const place = namespace === undefined ? [] : ['--namespace', namespace];
  const { code, output } = await tryKubectl(['apply', ...place, '--filename=-'], { input });
  if (code !== 0) throw new Error(`kubectl apply: exit code ${code}\n${output.trimEnd()}`);
  return output;
}
