import { CONFIG_MAPS, type Named } from '@lanekeeper/kubernetes/resources';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { Log } from '@lanekeeper/runtime/log';
import { summarise, type ClusterFindings, type ReplicaStatus } from './mesh-status.ts';
import { readReplicas, replicaKey, SUMMARY_KEY } from './status-map.ts';

export const STATUS_MAP = 'lanekeeper-status';

export interface StatusBoardOptions {
  readonly client: Pick<ApiClient, 'get' | 'patch'>;
  readonly namespace: string;
  /** This replica's. */
  readonly pod: string;
  readonly status: () => ReplicaStatus;
  readonly findings: () => ClusterFindings;
  readonly isLeader: () => boolean;
  /** Whether a replica that has written something is still there. */
  readonly isAlive: (pod: string) => boolean;
  readonly log: Log;
  /** Between two writes; default 10 s. */
  readonly intervalMs?: number;
}

export interface StatusBoard {
  start(): void;
  stop(): void;
}

const INTERVAL_MS = 10_000;

/**
 * Writes what this replica knows into the ConfigMap that the chart ships, and as the leader a summary of all replicas; only where
 * it says something new, and seldom. That a write fails is nobody's harm: the next one says the same.
 */
export function createStatusBoard(options: StatusBoardOptions): StatusBoard {
  return new ConfigMapBoard(options);
}

class ConfigMapBoard implements StatusBoard {
  readonly #options: StatusBoardOptions;
  readonly #place: Named;
  #written = '';
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #hasFailed = false;

  constructor(options: StatusBoardOptions) {
    this.#options = options;
    this.#place = { resource: CONFIG_MAPS, namespace: options.namespace, name: STATUS_MAP };
  }

  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#write(), this.#options.intervalMs ?? INTERVAL_MS);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    try {
      await this.#writeOwn();
      if (this.#options.isLeader()) await this.#writeSummary();
      this.#hasFailed = false;
    } catch (err) {
      if (!this.#hasFailed) this.#options.log.warn({ err, configMap: STATUS_MAP }, 'status_not_written');
      this.#hasFailed = true;
    }
    this.#schedule();
  }

  async #writeOwn(): Promise<void> {
    const text = JSON.stringify(this.#options.status());
    if (text === this.#written) return;
    await this.#patch({ [replicaKey(this.#options.pod)]: text });
    this.#written = text;
  }

  async #writeSummary(): Promise<void> {
    const { client, findings, isAlive } = this.#options;
    const map = await client.get(this.#place);
    const all = readReplicas(map);
    const gone = [...all.keys()].filter((pod) => !isAlive(pod));
    const replicas = new Map([...all].filter(([pod]) => isAlive(pod)));
    const text = `${JSON.stringify(summarise(replicas, findings()), null, 2)}\n`;
    if (gone.length === 0 && fieldsOf(map['data'])[SUMMARY_KEY] === text) return;
    await this.#patch({
      [SUMMARY_KEY]: text,
      ...Object.fromEntries(gone.map((pod) => [replicaKey(pod), null])),
    });
  }

  async #patch(data: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#options.client.patch(this.#place, { type: 'merge', body: { data } });
  }
}
