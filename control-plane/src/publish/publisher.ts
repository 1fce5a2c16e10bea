import { setTimeout as sleep } from 'node:timers/promises';
import type { InterestKey, Nack } from '@lanekeeper/protocol/discovery';
import type { Log, LogFields } from '@lanekeeper/runtime/log';
import { canonicalKeys } from '../catalog/canonical-key.ts';
import type { CanonicalKey, Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { Want } from '../source/source.ts';
import type { Authenticator, Caller, Grant } from './caller.ts';
import { ChangeCollector } from './change-collector.ts';
import type { DiscoveryCall } from './discovery-call.ts';
import { InterestIndex } from './interest-index.ts';
import type { Presence } from './presence.ts';
import type { PublishMetrics } from './publish-metrics.ts';
import { PushQueue } from './push-queue.ts';
import { SidecarStream } from './sidecar-stream.ts';
import { StreamEnd } from './stream-end.ts';
import { tellWanted, type WantTeller } from './wanted-keys.ts';
import type { StreamHost, StreamLimits } from './stream-host.ts';
import type { IsSought, KeyChange } from './subscription.ts';

export interface PublisherOptions {
  readonly catalog: Catalog;
  readonly authenticator: Authenticator;
  /** What the cluster's DNS appends to the names of Services. */
  readonly clusterDomain: string;
  readonly limits: PublishLimits;
  readonly metrics: PublishMetrics;
  readonly log: Log;
  /** Told which keys have got their first interested sidecar and which have lost their last, once per turn. */
  readonly want?: Want;
  /** Told of each sidecar whether its workload is about to go. */
  readonly presence?: Presence;
  /** Told when a sidecar has come, gone, or acknowledged another mesh part. */
  readonly sidecarsChanged?: () => void;
}

export interface PublishLimits extends StreamLimits {
  readonly maxStreams: number;
  /** Updates that the sockets have not taken yet, of all streams together. */
  readonly maxBufferedBytes: number;
  /** How a storm of changes is calmed. */
  readonly quietMs: number;
  readonly maxQuietMs: number;
  /** So long at most a source may look for what nobody knows before a sidecar is told that it is nothing; most often it is soon over. */
  readonly searchMs: number;
}

export interface Publisher {
  /** Serves a stream until it ends. */
  accept(call: DiscoveryCall): void;
  streams(): Iterable<SidecarStream>;
  /** Ends all streams, spread over `spreadMs`; from now on new ones are sent elsewhere. */
  drain(spreadMs: number): Promise<void>;
  close(): void;
}

export function createPublisher(options: PublisherOptions): Publisher {
  return new StreamPublisher(options);
}

const NO_GATEWAY =
  'the token is not one of a gateway: expected the service account of the gateways, or a token with role: gateway';

/** Ends of streams in a drain come in so many steps. */
const DRAIN_STEPS = 50;

class StreamPublisher implements Publisher, StreamHost {
  readonly #options: PublisherOptions;
  /** Those that have said hello. */
  readonly #streams = new Set<SidecarStream>();
  readonly #byPod = new Map<string, SidecarStream>();
  readonly #wanted: WantTeller | undefined;
  readonly #index: InterestIndex<SidecarStream>;
  readonly #queue: PushQueue<SidecarStream>;
  readonly #changes: ChangeCollector;
  readonly #unsubscribe: readonly (() => void)[];
  /** Accepted, hello or not. */
  #open = 0;
  #buffered = 0;
  #isDraining = false;

  constructor(options: PublisherOptions) {
    const { catalog, limits } = options;
    const now = (): number => performance.now();
    this.#options = options;
    this.#wanted = options.want === undefined ? undefined : this.#tellOf(options.want);
    this.#index = new InterestIndex(this.#wanted);
    this.#queue = new PushQueue({
      push: (stream) => {
        stream.push();
        options.metrics.waiting.set(this.#queue.size());
      },
      hasRoom: () => this.#buffered < limits.maxBufferedBytes,
      now,
    });
    this.#changes = new ChangeCollector({
      quietMs: limits.quietMs,
      maxMs: limits.maxQuietMs,
      deliver: (change) => this.#spread(change),
      now,
    });
    const recheck = (): void => {
      for (const stream of this.#streams) stream.recheck();
    };
    const endings = [options.authenticator.onChange?.(recheck)];
    endings.push(catalog.subscribe((change) => this.#changes.add(change)));
    this.#unsubscribe = endings.filter((end) => end !== undefined);
  }

  get catalog(): Catalog {
    return this.#options.catalog;
  }

  get limits(): StreamLimits {
    return this.#options.limits;
  }

  accept(call: DiscoveryCall): void {
    const stream = new SidecarStream(call, this);
    this.#open += 1;
    const { maxStreams } = this.#options.limits;
    if (this.#isDraining) stream.end(new StreamEnd('draining', 'this replica goes away'));
    else if (this.#open > maxStreams) {
      stream.end(new StreamEnd('too_many_streams', `this replica serves ${maxStreams} sidecars already`));
    } else void stream.start();
  }

  streams(): Iterable<SidecarStream> {
    return this.#streams;
  }

  async drain(spreadMs: number): Promise<void> {
    this.#isDraining = true;
    const streams = [...this.#streams];
    const share = Math.ceil(streams.length / DRAIN_STEPS);
    for (let from = 0; from < streams.length; from += share) {
      for (const stream of streams.slice(from, from + share)) {
        stream.end(new StreamEnd('draining', 'this replica goes away'));
      }
      await sleep(spreadMs / DRAIN_STEPS);
    }
  }

  close(): void {
    this.#isDraining = true;
    for (const end of this.#unsubscribe) end();
    this.#changes.close();
    this.#wanted?.close();
    for (const stream of this.#streams) stream.end(new StreamEnd('draining', 'this replica goes away'));
  }

  authenticate(token: string | undefined): Promise<Caller | Grant | undefined> {
    return this.#options.authenticator.authenticate(token);
  }

  canonicalise(key: InterestKey, namespace: string): readonly CanonicalKey[] {
    const scope = { namespace, clusterDomain: this.#options.clusterDomain };
    return canonicalKeys(key, scope).map((each) => this.#index.intern(each));
  }

  joined(stream: SidecarStream): void {
    const pod = stream.caller?.podUid;
    if (pod !== undefined) {
      // Its connection may be long dead without anybody having noticed.
      this.#byPod.get(pod)?.end(new StreamEnd('replaced', 'the same pod has opened a newer stream'));
      this.#byPod.set(pod, stream);
    }
    this.#streams.add(stream);
    const { node, isGateway } = stream.session ?? {};
    if (node?.role === 'gateway' && isGateway === false) {
      this.#log('warn', stream, 'edge_withheld', { reason: NO_GATEWAY });
    }
    this.#options.metrics.streams.set(this.#streams.size);
    this.#options.sidecarsChanged?.();
    this.#log('debug', stream, 'stream_joined', {});
  }

  readonly isSought: IsSought = (meanings, turn) => {
    const wanted = this.#wanted;
    if (wanted === undefined) return false;
    const isKnown = meanings.some((key) => this.#isKnown(key));
    return meanings.some((key) => wanted.isSought(key, turn, isKnown));
  };

  turn(): number {
    return this.#wanted?.turn() ?? 0;
  }

  rekeyed(stream: SidecarStream, { added, removed, asked }: KeyChange): void {
    this.#index.add(stream, added);
    this.#index.remove(stream, removed);
    for (const meanings of asked) this.#ask(meanings);
    this.#options.metrics.interests.set(this.#index.size());
  }

  due(stream: SidecarStream): void {
    this.#queue.add(stream);
    this.#options.metrics.waiting.set(this.#queue.size());
  }

  buffered(bytes: number): void {
    this.#buffered += bytes;
    this.#options.metrics.bufferedBytes.set(this.#buffered);
    if (bytes < 0) this.#queue.resume();
  }

  updated(bytes: number): void {
    const { metrics } = this.#options;
    metrics.updates.inc();
    metrics.updateBytes.inc(bytes);
  }

  acknowledged(): void {
    this.#options.sidecarsChanged?.();
  }

  refused(stream: SidecarStream, { nonce, problems }: Nack, parts: readonly string[]): void {
    this.#options.metrics.rejected.inc();
    this.#log('warn', stream, 'update_rejected', { nonce, parts, problems });
  }

  draining({ session, caller, peer }: SidecarStream): void {
    if (session !== undefined) this.#options.presence?.draining({ node: session.node, caller, peer });
  }

  serving({ session, caller, peer }: SidecarStream): void {
    if (session !== undefined) this.#options.presence?.serving({ node: session.node, caller, peer });
  }

  ended(stream: SidecarStream, end: StreamEnd): void {
    const { metrics } = this.#options;
    this.#open -= 1;
    this.#streams.delete(stream);
    this.#queue.remove(stream);
    metrics.waiting.set(this.#queue.size());
    const pod = stream.caller?.podUid;
    if (pod !== undefined && this.#byPod.get(pod) === stream) this.#byPod.delete(pod);
    this.#index.remove(stream, stream.session?.subscription.keys() ?? []);
    metrics.streams.set(this.#streams.size);
    metrics.interests.set(this.#index.size());
    metrics.ended(end);
    this.#options.sidecarsChanged?.();
    const fields = {
      code: end.code,
      reason: end.message,
      ...(end.cause === undefined ? {} : { err: end.cause }),
    };
    this.#log(isExpected(end) ? 'info' : 'warn', stream, 'stream_ended', fields);
  }

  /** One key may be written in ways that mean nothing here: only where all do, nobody knows it. */
  #ask(meanings: readonly CanonicalKey[]): void {
    const known = meanings.filter((key) => this.#isKnown(key));
    for (const key of known.length > 0 ? known : meanings) this.#wanted?.asked(key);
  }

  #isKnown(key: CanonicalKey): boolean {
    return this.catalog.resolve(key).length > 0;
  }

  #tellOf(want: Want): WantTeller {
    const { limits, log, metrics } = this.#options;
    return tellWanted({
      ...{ want, log, patienceMs: limits.searchMs },
      settled: (keys) => {
        for (const stream of this.#index.concerned(keys)) stream.looked();
      },
      ended: (how) => metrics.looked(how),
    });
  }

  #spread(change: CatalogChange): void {
    const { metrics } = this.#options;
    const concerned = change.mesh ? this.#streams : this.#concernedBy(change);
    metrics.changes.inc();
    metrics.concerned.observe(concerned.size);
    for (const stream of concerned) stream.due();
  }

  #concernedBy({ keys, edge, relaned }: CatalogChange): ReadonlySet<SidecarStream> {
    const concerned = this.#index.concerned(keys);
    if (!edge && (relaned?.size ?? 0) === 0) return concerned;
    const others = [...this.#streams].filter(({ session }) => {
      const { role, address } = session?.node ?? {};
      return (edge && role === 'gateway') || (address !== undefined && relaned?.has(address) === true);
    });
    return new Set([...concerned, ...others]);
  }

  #log(level: 'debug' | 'info' | 'warn', stream: SidecarStream, event: string, fields: LogFields): void {
    const { namespace, pod } = stream.caller ?? stream.session?.node ?? {};
    this.#options.log[level]({ peer: stream.peer, namespace, pod, ...fields }, event);
  }
}

function isExpected({ code }: StreamEnd): boolean {
  return ['age', 'draining', 'closed_by_sidecar', 'connection_lost', 'replaced'].includes(code);
}
