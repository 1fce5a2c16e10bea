import { APP_IMAGE } from '../images.ts';
import type { KubeObject } from './kubectl.ts';

export interface ContainerOptions {
  readonly image?: string;
  /** Role of the program, and its further words. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly readinessProbe?: unknown;
  readonly livenessProbe?: unknown;
  readonly volumeMounts?: readonly unknown[];
}

export interface WorkloadOptions extends ContainerOptions {
  readonly replicas?: number;
  /** Of the pods; `app` is the workload's name where they do not say. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly volumes?: readonly unknown[];
}

export const UNINJECTED = { 'lanekeeper.io/inject': 'false' } as const;

export function container(
  name: string,
  { image = APP_IMAGE, args, env = {}, ...others }: ContainerOptions,
): unknown {
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  return { name, image, imagePullPolicy: 'IfNotPresent', args, env: variables, ...others };
}

/** What a pod or a pod template says, but for its name. */
export function podOf(
  name: string,
  { labels, annotations, volumes, ...rest }: Omit<WorkloadOptions, 'replicas'>,
) {
  return {
    metadata: { labels: { app: name, ...labels }, ...(annotations && { annotations }) },
    spec: { containers: [container('app', rest)], ...(volumes && { volumes }) },
  };
}

/** Selects its pods by a label of its own, so that several of them can share `app`. */
export function deployment(name: string, { replicas = 1, labels, ...rest }: WorkloadOptions): KubeObject {
  const own = { workload: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: own },
      template: podOf(name, { ...rest, labels: { ...labels, ...own } }),
    },
  };
}

export function service(
  name: string,
  ports: Readonly<Record<string, number>>,
  selector = { app: name },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: Object.entries(ports).map(([portName, port]) => ({ name: portName, port })) },
  };
}

/** An application that answers `NAME[address]`, ready when it answers; with `next` it asks that first. */
export function chainApp(
  name: string,
  { next, ...rest }: Partial<WorkloadOptions> & { readonly next?: string } = {},
): WorkloadOptions {
  return {
    args: ['chain'],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
    ...rest,
    env: { NAME: name, PORT: '8080', ...(next !== undefined && { NEXT: next }), ...rest.env },
  };
}
