import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PORTS } from '@lanekeeper/protocol/ports';
import type { Hop } from '@lanekeeper/protocol/hop';
import { send, type Answer } from '../../harness/http-client.ts';
import { KUBECTL } from './kubectl.ts';
import type { Space } from './space.ts';

export interface Forward {
  /** On loopback here. */
  readonly port: number;
  close(): Promise<void>;
}

/** `kubectl port-forward` to a port of a pod, as a person does it. */
export async function portForward(space: Space, pod: string, port: number): Promise<Forward> {
  const args = ['--namespace', space.name, 'port-forward', `pod/${pod}`, `:${port}`];
  const child = spawn(KUBECTL, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  let said = '';
  const local = new Promise<number>((resolve) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const [, found] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
  const first = await Promise.race([local, exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`kubectl port-forward to ${pod}:${port} ended: ${said}`);
  return { port: first, close };
}

/** One request to a port of a pod that only the pod itself, or a port-forward, can reach. */
export async function askPod(
  space: Space,
  pod: string,
  to: { readonly port: number; readonly path: string },
): Promise<Answer> {
  const forward = await portForward(space, pod, to.port);
  try {
    return await send({ address: '127.0.0.1', port: forward.port }, { path: to.path });
  } finally {
    await forward.close();
  }
}

/** A page of a sidecar's admin port. */
export async function admin<T>(space: Space, pod: string, path: string): Promise<T> {
  const { status, text } = await askPod(space, pod, { port: PORTS.admin, path });
  if (status !== 200) throw new Error(`${path} of ${pod} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

export async function hopsOf(space: Space, pod: string, query: string): Promise<readonly Hop[]> {
  return (await admin<{ hops: readonly Hop[] }>(space, pod, `/hops?${query}`)).hops;
}

export interface ClusterPage {
  readonly services: readonly {
    readonly service: string;
    readonly lanes: Readonly<Record<string, number>>;
    readonly ports: readonly {
      readonly port: number;
      readonly endpoints: readonly {
        readonly address: string;
        readonly lane: string;
        readonly healthy: boolean;
        readonly ejected: boolean;
        readonly unused: string | null;
      }[];
    }[];
  }[];
}

/** Endpoints of a service as this sidecar sees them; none while it does not know the service. */
export async function endpointsOf(space: Space, pod: string, serviceName: string) {
  const { services } = await admin<ClusterPage>(space, pod, '/clusters');
  const found = services.find(({ service }) => service === `${space.name}/${serviceName}`);
  return found?.ports.flatMap(({ endpoints }) => endpoints) ?? [];
}
