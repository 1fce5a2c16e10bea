import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { HELM3, HELM4 } from '../cluster/binaries.ts';
import { ROOT } from '../cluster/layout.ts';

export const CHART = join(ROOT, 'helm', 'lanekeeper');
export const NAMESPACE = 'lanekeeper-system';

/** Both majors that users have. */
export const HELMS = [
  { name: 'Helm 3', program: HELM3 },
  { name: 'Helm 4', program: HELM4 },
] as const;

export interface HelmResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

export function helm(program: string, ...args: readonly string[]): HelmResult {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program} did not run: run 'npm run chart'`, { cause: error });
  return { code: status, stdout, output: stdout + stderr };
}

/** `helm template` as a user's would be; a Helm built from source believes in an old Kubernetes. */
export function tryRender(program: string, ...options: readonly string[]): HelmResult {
  const where = ['--namespace', NAMESPACE, '--kube-version', '1.34.0'];
  return helm(program, 'template', 'lanekeeper', CHART, ...where, ...options);
}

export function render(program: string, ...options: readonly string[]): string {
  const { code, stdout, output } = tryRender(program, ...options);
  if (code !== 0) throw new Error(output);
  return stdout;
}

/** An object of a manifest, as far as the tests read it. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export function objectsIn(manifest: string): readonly Rendered[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly securityContext: unknown;
  readonly volumeMounts?: readonly { readonly readOnly?: boolean }[];
  readonly [field: string]: unknown;
}

export interface PodSpec {
  readonly containers: readonly [Container];
  readonly securityContext: unknown;
  readonly [field: string]: unknown;
}

export type Component = 'injector' | 'control-plane' | 'gateway';

/** The pod that the Deployment of a component makes. */
export function podOf(component: Component, manifest: string): PodSpec {
  const name = `lanekeeper-${component}`;
  const found = objectsIn(manifest).find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === name,
  );
  if (found === undefined) throw new Error(`no Deployment ${name} was rendered`);
  return (found['spec'] as { template: { spec: PodSpec } }).template.spec;
}
