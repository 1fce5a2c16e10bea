import { readFile } from 'node:fs/promises';
import { maxInterests } from '@lanekeeper/protocol/discovery';
import type { ClientMessage, NodeIdentity, Update } from '@lanekeeper/protocol/discovery';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { decodeUpdate } from '@lanekeeper/mesh-file/decode-update';
import { EdgeMemo } from '@lanekeeper/mesh-file/edge/edge-memo';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { ConfigError, type ConfigProblem } from '@lanekeeper/runtime/env';
import type { Log } from '@lanekeeper/runtime/log';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { DiscoveryConfig } from '../config.ts';
import { openDiscoveryStream, type DiscoveryStream, type StreamEnd } from './grpc-stream.ts';
import { applyUpdate, configOf, holdsOf, NOTHING_HELD, type HeldMesh } from './held-mesh.ts';
import type { Interests } from './interests.ts';
import type { DiscoveryState } from './discovery-state.ts';

export interface DiscoveryOptions {
  readonly config: DiscoveryConfig;
  /** As it is when a stream begins. */
  readonly node: () => NodeIdentity;
  readonly interests: Interests;
  readonly sink: DiscoverySink;
  readonly state: DiscoveryState;
  readonly log: Log;
  readonly times?: Partial<DiscoveryTimes>;
}

/** Who takes what comes. */
export interface DiscoverySink {
  /** Puts it in force. Throws a ConfigError, and changes nothing, when it cannot be used. */
  accept(config: MeshConfig): void;
  reject(problems: readonly ConfigProblem[]): void;
  zone(name: string): void;
  /** The lane of this pod; `base` for none. */
  lane(name: string): void;
}

export interface DiscoveryTimes {
  /** From the connection's begin to the answer to the hello. */
  readonly answerMs: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Where trying again soon helps nobody: the token is refused. */
  readonly refusedBaseMs: number;
  readonly refusedMaxMs: number;
}

const TIMES: DiscoveryTimes = {
  answerMs: 20_000,
  retryBaseMs: 250,
  retryMaxMs: 15_000,
  refusedBaseMs: 5_000,
  refusedMaxMs: 60_000,
};

const REFUSED = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'INVALID_ARGUMENT', 'UNIMPLEMENTED']);

interface StreamCredentials {
  readonly token: string;
  readonly ca: string | undefined;
}

/** Keeps one stream to some replica of the control plane open, and what comes over it in force. */
export class DiscoveryClient {
  readonly #options: DiscoveryOptions;
  readonly #times: DiscoveryTimes;
  readonly #refusals = new Map<string, readonly ConfigProblem[]>();
  readonly #memo = new EdgeMemo();
  #held: HeldMesh = NOTHING_HELD;
  #stream: DiscoveryStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isInStep = false;
  #isDraining = false;
  #isClosed = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
  }

  start(): void {
    void this.#connect();
  }

  /** Nobody is to be sent here any more: said at once, and again on every stream that follows. */
  drain(): void {
    this.#isDraining = true;
    this.#send({ kind: 'draining' });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stream?.close('the sidecar ends');
    this.#options.interests.close();
  }

  async #connect(): Promise<void> {
    const credentials = await this.#readCredentials();
    if (this.#isClosed || credentials === undefined) return;
    const stream = this.#open(credentials);
    if (stream === undefined) return;
    this.#stream = stream;
    this.#timer = setTimeout(
      () => stream.close(`no answer within ${this.#times.answerMs} ms`),
      this.#times.answerMs,
    );
    const node = this.#options.node();
    this.#send({
      ...{ kind: 'hello', node, holds: holdsOf(this.#held, maxInterests(node)) },
      ...(this.#isDraining ? { draining: true } : {}),
    });
    this.#send({ kind: 'interest', ...this.#options.interests.book.takeAll() });
  }

  /** Certificates that are none are only found when they are used. */
  #open({ token, ca }: StreamCredentials): DiscoveryStream | undefined {
    const { address } = this.#options.config;
    try {
      return openDiscoveryStream({
        ...{ address, ca, token },
        onMessage: (message) => this.#received(message),
        onEnd: (end) => this.#ended(end),
      });
    } catch (cause) {
      this.#ended({ status: 'INTERNAL', details: cause instanceof Error ? cause.message : String(cause) });
      return undefined;
    }
  }

  /** Read anew each time: the kubelet renews the token, somebody else the authorities. */
  async #readCredentials(): Promise<StreamCredentials | undefined> {
    const { ca, caFile, tokenFile } = this.#options.config;
    let what = 'the token';
    try {
      const token = (await readFile(tokenFile, 'utf8')).trim();
      what = "the control plane's authorities";
      return { token, ca: caFile === undefined ? ca : await readFile(caFile, 'utf8') };
    } catch (cause) {
      const details = `${what} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      if (!this.#isClosed) this.#ended({ status: 'UNAUTHENTICATED', details });
      return undefined;
    }
  }

  #send(message: ClientMessage): void {
    this.#stream?.send(message);
  }

  #received(message: unknown): void {
    const decoded = decodeUpdate(message, this.#memo);
    if ('update' in decoded) this.#take(decoded.update);
    else this.#refuse(decoded.nonce, undefined, decoded.problems);
    this.#inStep();
  }

  #take(update: Update): void {
    const { sink, interests, state } = this.#options;
    const next = applyUpdate(this.#held, update);
    try {
      if (update.zone !== undefined) sink.zone(update.zone);
      if (update.lane !== undefined) sink.lane(update.lane);
      if (!isSameMesh(next, this.#held) || !state.hasMesh) sink.accept(configOf(next));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      interests.answered(update.answered);
      return this.#refuse(update.nonce, update, error.problems);
    }
    this.#held = next;
    for (const part of partsOf(update)) this.#refusals.delete(part);
    interests.answered(update.answered);
    state.updated(next.services.size, this.#refusals);
    this.#send({ kind: 'ack', nonce: update.nonce });
  }

  /** What is refused together with other things comes again by itself. */
  #refuse(nonce: string, update: Update | undefined, problems: readonly ConfigProblem[]): void {
    const { sink, state, log } = this.#options;
    const [only, ...others] = update === undefined ? [] : partsOf(update);
    if (only !== undefined && others.length === 0) this.#refusals.set(only, problems);
    sink.reject(problems);
    state.refused(problems, this.#refusals);
    log.warn({ nonce, problems }, 'config_rejected');
    this.#send({ kind: 'nack', nonce, problems });
  }

  /** The first update answers the hello. */
  #inStep(): void {
    if (this.#isInStep) return;
    this.#isInStep = true;
    this.#failures = 0;
    clearTimeout(this.#timer);
    this.#options.state.connected();
    this.#options.log.info(
      { controlPlane: formatAddress(this.#options.config.address) },
      'discovery_connected',
    );
    this.#options.interests.connected((changes) => this.#send({ kind: 'interest', ...changes }));
  }

  #ended(end: StreamEnd): void {
    clearTimeout(this.#timer);
    this.#stream = undefined;
    this.#options.interests.disconnected();
    if (this.#isClosed) return;
    const delayMs = this.#delayAfter(end);
    this.#report(end, delayMs);
    this.#isInStep = false;
    this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }

  #delayAfter({ status }: StreamEnd): number {
    const { retryBaseMs, retryMaxMs, refusedBaseMs, refusedMaxMs } = this.#times;
    const attempt = this.#failures;
    if (REFUSED.has(status)) {
      this.#failures += 1;
      return refusedBaseMs / 2 + backoffMs(attempt, { baseMs: refusedBaseMs, maxMs: refusedMaxMs });
    }
    if (status !== 'OK' || !this.#isInStep) this.#failures += 1;
    return backoffMs(attempt, { baseMs: retryBaseMs, maxMs: retryMaxMs });
  }

  /** One line for each new reason: a control plane may be away for days. */
  #report({ status, details }: StreamEnd, retryInMs: number): void {
    const { state, log, config } = this.#options;
    const isNews = state.disconnected(details === '' ? status : `${status}: ${details}`);
    const fields = {
      controlPlane: formatAddress(config.address),
      status,
      details,
      retryInMs: Math.round(retryInMs),
    };
    if (REFUSED.has(status) && isNews) log.error(fields, 'discovery_refused');
    else if (isNews && status !== 'OK') log.warn(fields, 'discovery_lost');
    else log.debug(fields, 'discovery_lost');
  }
}

function isSameMesh(a: HeldMesh, b: HeldMesh): boolean {
  return a.mesh === b.mesh && a.edge === b.edge && a.services === b.services;
}

function partsOf({ mesh, edge, services, removed }: Update): readonly string[] {
  return [
    ...(mesh === undefined ? [] : ['mesh']),
    ...(edge === undefined ? [] : ['edge']),
    ...services.map(({ id }) => id),
    ...removed,
  ];
}
