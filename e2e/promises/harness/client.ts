import type { Action, Actions, Answered, Ask, LoadOrder, LoadReport } from '../apps/actions.ts';
import { eventually } from './eventually.ts';
import { podOf, UNINJECTED } from './objects.ts';
import type { WorkloadOptions } from './objects.ts';
import type { Space } from './space.ts';

/** A pod from which requests are sent, driven through `kubectl exec`. */
export interface Client {
  readonly pod: string;
  /** One request; the answer whatever its status. */
  ask(order: Ask): Promise<Answered>;
  /** So many requests, to the last. */
  askMany(order: Omit<LoadOrder, 'name' | 'total'> & { readonly total: number }): Promise<LoadReport>;
  start(order: LoadOrder): Promise<void>;
  report(name: string): Promise<LoadReport>;
  stop(name: string): Promise<LoadReport>;
  /** Waits until a load has ended so many requests. */
  reached(name: string, ended: number, seconds?: number): Promise<LoadReport>;
  perform<Name extends Action>(action: Name, order: Actions[Name]['ask']): Promise<Actions[Name]['answer']>;
}

export type ClientOptions = Omit<Partial<WorkloadOptions>, 'replicas'> & { readonly injected: boolean };

/** Makes the pod and waits until it is Ready. */
export async function startClient(space: Space, pod: string, options: ClientOptions): Promise<Client> {
  const { injected, labels, ...rest } = options;
  const template = podOf(pod, {
    args: ['client'],
    ...rest,
    labels: { ...labels, ...(!injected && UNINJECTED) },
  });
  await space.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    ...template,
    metadata: { name: pod, ...template.metadata },
  });
  await space.ready(pod);
  return clientIn(space, pod);
}

let loads = 0;

export function clientIn(space: Space, pod: string): Client {
  const perform: Client['perform'] = async (action, order) => {
    const words = JSON.stringify({ action, order });
    const exec = ['exec', pod, '--container', 'app', '--', 'node', '/app/main.mjs', 'ask', words];
    return JSON.parse(await space.kubectl(...exec)) as Actions[typeof action]['answer'];
  };
  const report = (name: string): Promise<LoadReport> => perform('report', { name });
  const reached: Client['reached'] = (name, ended, seconds = 120) =>
    eventually(async () => {
      const now = await report(name);
      if (now.ended < ended) throw new Error(`${now.ended} of ${ended} requests of load ${name} are over`);
      return now;
    }, seconds);
  return {
    pod,
    perform,
    report,
    ask: (order) => perform('ask', order),
    async start(order) {
      await perform('start', order);
    },
    stop: (name) => perform('stop', { name }),
    async askMany(order) {
      loads += 1;
      const name = `load-${loads}`;
      await perform('start', { ...order, name });
      return reached(name, order.total);
    },
    reached,
  };
}
