import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { collect } from './collect.ts';
import { apply, get, getItems, kubectl, type KubeObject } from './kubectl.ts';
import type { Pod } from './pod.ts';

/** Marks what the promises made, so that a later run finds what a killed one left. */
export const MADE_BY_PROMISES = 'lanekeeper-e2e';

/** A namespace of one promise's own. */
export interface Space {
  readonly name: string;
  /** As `beforeAll`; what is known of a failure is collected. */
  setUp(work: () => Promise<void>): void;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Answers what kubectl said. */
  apply(...objects: readonly KubeObject[]): Promise<string>;
  get<T>(...args: readonly string[]): Promise<T>;
  items<T>(...args: readonly string[]): Promise<readonly T[]>;
  /** Those that the label selector names; without one all. */
  pods(selector?: string): Promise<readonly Pod[]>;
  /** Waits until the rollouts of these Deployments are complete. */
  rolledOut(...deployments: readonly string[]): Promise<void>;
  /** Waits until these pods are Ready. */
  ready(...pods: readonly string[]): Promise<void>;
}

/** `enabled`: its pods get sidecars. */
export function useSpace(promise: string, injection: 'enabled' | 'none' = 'enabled'): Space {
  const name = `lk-${promise}-${randomBytes(2).toString('hex')}`;
  const within = ['--namespace', name];
  let isCollected = false;
  const collectOnce = async (): Promise<void> => {
    if (!isCollected) await collect(promise, name);
    isCollected = true;
  };
  const watched = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await collectOnce();
      throw error;
    }
  };
  beforeAll(async () => {
    const labels = {
      'app.kubernetes.io/managed-by': MADE_BY_PROMISES,
      ...(injection === 'enabled' && { 'lanekeeper.io/injection': 'enabled' }),
    };
    await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await collectOnce();
  });
  afterAll(async () => {
    // What it holds ends beside the next promise; the teardown of the run waits for the last.
    await kubectl(['delete', 'namespace', name, '--wait=false']);
  });
  return {
    name,
    setUp: (work) => beforeAll(() => watched(work)),
    kubectl: (...args) => kubectl([...within, ...args]),
    apply: (...objects) => apply(objects, name),
    get: (...args) => get([...within, ...args]),
    items: (...args) => getItems([...within, ...args]),
    pods: (selector) =>
      getItems([...within, 'pods', ...(selector === undefined ? [] : ['--selector', selector])]),
    async rolledOut(...deployments) {
      for (const each of deployments)
        await kubectl([...within, 'rollout', 'status', `deployment/${each}`, '--timeout=240s']);
    },
    async ready(...pods) {
      await kubectl([
        ...within,
        'wait',
        '--for=condition=Ready',
        '--timeout=240s',
        ...pods.map((pod) => `pod/${pod}`),
      ]);
    },
  };
}
