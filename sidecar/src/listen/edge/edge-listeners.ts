import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { Log } from '@lanekeeper/runtime/log';
import type { Certificates } from './certificates.ts';
import { changePorts, planPorts, type PortPlan } from './plan-ports.ts';

/** A port that is bound. */
export interface EdgePort {
  /** For the connections from now on. */
  update(plan: PortPlan): void;
  /** Stops accepting, finishes what is in flight. */
  drain(): Promise<void>;
  /** Destroys what is left. */
  close(): void;
}

export interface EdgeListenersOptions {
  /** Rejects where the port cannot be bound. */
  readonly open: (plan: PortPlan) => Promise<EdgePort>;
  readonly certificates: Certificates;
  /** A port that could not be bound is tried again after this time. */
  readonly retryMs: number;
  /** How long connections of a port that is wanted no more may go on. */
  readonly drainTimeoutMs: number;
  readonly log: Log;
}

/** What became of a listener, for people. */
export interface EdgeListenerState {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly state: 'listening' | 'opening' | 'failed';
  /** Why it does not serve, or not all of what it should. */
  readonly problems: readonly string[];
}

interface Place {
  plan: PortPlan;
  port: EdgePort | undefined;
  problem: string | undefined;
  retry: NodeJS.Timeout | undefined;
}

/** The ports that a gateway listens on: opened and closed as configurations come, each without touching the others. */
export class EdgeListeners {
  readonly #options: EdgeListenersOptions;
  readonly #places = new Map<number, Place>();
  /** Ports that are wanted no more and still have connections. */
  readonly #leaving = new Map<EdgePort, Promise<void>>();
  #isOver = false;
  #reported = new Set<string>();

  constructor(options: EdgeListenersOptions) {
    this.#options = options;
  }

  apply(edge: EdgeConfig | undefined): void {
    if (this.#isOver) return;
    this.#options.certificates.update(edge?.certificates ?? {});
    const change = changePorts(this.#places.keys(), planPorts(edge));
    for (const port of change.close) this.#leave(port);
    for (const plan of change.update) this.#update(plan);
    for (const plan of change.open) this.#open(plan);
    this.#report();
  }

  state(): readonly EdgeListenerState[] {
    return [...this.#places.values()].flatMap((place) => this.#stateOf(place));
  }

  /** Finishes what is in flight everywhere; nothing is opened any more. */
  async drain(): Promise<void> {
    this.#isOver = true;
    for (const place of this.#places.values()) clearTimeout(place.retry);
    const ports = [...this.#places.values()].map(({ port }) => port?.drain());
    await Promise.all([...ports, ...this.#leaving.values()]);
  }

  close(): void {
    this.#isOver = true;
    for (const { port, retry } of this.#places.values()) {
      clearTimeout(retry);
      port?.close();
    }
    for (const port of this.#leaving.keys()) port.close();
  }

  #open(plan: PortPlan): void {
    const place: Place = { plan, port: undefined, problem: undefined, retry: undefined };
    this.#places.set(plan.port, place);
    void this.#bind(place);
  }

  async #bind(place: Place): Promise<void> {
    const { open, log, retryMs } = this.#options;
    try {
      const port = await open(place.plan);
      if (this.#isWanted(place)) {
        place.port = port;
        place.problem = undefined;
        // Meanwhile it may have become another one.
        port.update(place.plan);
        log.info({ port: place.plan.port }, 'listener_opened');
      } else port.close();
    } catch (error) {
      if (!this.#isWanted(place)) return;
      if (place.problem === undefined) log.warn({ port: place.plan.port, err: error }, 'listener_failed');
      place.problem = error instanceof Error ? error.message : String(error);
      place.retry = setTimeout(() => void this.#bind(place), retryMs);
    }
  }

  #isWanted(place: Place): boolean {
    return !this.#isOver && this.#places.get(place.plan.port) === place;
  }

  #update(plan: PortPlan): void {
    const place = this.#places.get(plan.port);
    if (place === undefined) return;
    place.plan = plan;
    place.port?.update(plan);
  }

  #leave(number: number): void {
    const place = this.#places.get(number);
    this.#places.delete(number);
    clearTimeout(place?.retry);
    const port = place?.port;
    if (port === undefined) return;
    this.#options.log.info({ port: number }, 'listener_closed');
    this.#leaving.set(port, this.#drained(port));
  }

  async #drained(port: EdgePort): Promise<void> {
    const cut = setTimeout(() => port.close(), this.#options.drainTimeoutMs);
    await port.drain();
    clearTimeout(cut);
    port.close();
    this.#leaving.delete(port);
  }

  #stateOf({ plan, port, problem }: Place): EdgeListenerState[] {
    const bound = port === undefined ? (problem === undefined ? 'opening' : 'failed') : 'listening';
    return plan.listeners.map(({ name, protocol, host, certificates }) => ({
      ...{ name, port: plan.port, protocol, host, state: bound },
      problems: [...(problem === undefined ? [] : [problem]), ...this.#certificateProblems(certificates)],
    }));
  }

  #certificateProblems(ids: readonly string[]): string[] {
    return ids.flatMap((id) => {
      const problem = this.#options.certificates.problemOf(id);
      return problem === undefined ? [] : [`${id}: ${problem}`];
    });
  }

  /** Each problem of a configuration is told once, when it is new. */
  #report(): void {
    const plans = [...this.#places.values()].map(({ plan }) => plan);
    const conflicts = plans.flatMap(({ problems }) => problems);
    const certificates = plans.flatMap(({ listeners }) =>
      listeners.flatMap((listener) => this.#certificateProblems(listener.certificates)),
    );
    const problems = new Set([...conflicts, ...certificates]);
    for (const problem of problems) {
      if (!this.#reported.has(problem)) this.#options.log.warn({ problem }, 'listener_problem');
    }
    this.#reported = problems;
  }
}
