import { MAX_UPDATE_BYTES } from '@lanekeeper/protocol/discovery';
import type { ClientMessage, Hello, Interest, Nack, NodeIdentity } from '@lanekeeper/protocol/discovery';
import type { Catalog } from '../catalog/catalog.ts';
import { translate } from '../translate/translate.ts';
import type { Caller, Grant } from './caller.ts';
import { decodeClientMessage } from './client-messages.ts';
import type { DiscoveryCall } from './discovery-call.ts';
import { encodeUpdate } from './encode-update.ts';
import { EDGE } from './refusals.ts';
import { asStreamEnd, StreamEnd } from './stream-end.ts';
import type { StreamHost } from './stream-host.ts';
import { Subscription, type PodFacts } from './subscription.ts';

/** One sidecar's stream, from its token to its end. */
export class SidecarStream {
  readonly #call: DiscoveryCall;
  readonly #host: StreamHost;
  #caller: Caller | undefined;
  /** Who it is only its hello says. */
  #grant: Grant | undefined;
  #session: Session | undefined;
  #ageTimer: NodeJS.Timeout | undefined;
  /** Runs while something is awaited of the sidecar: its hello, the answer to an update. */
  #answerTimer: NodeJS.Timeout | undefined;
  #unflushed = 0;
  #isOver = false;

  constructor(call: DiscoveryCall, host: StreamHost) {
    this.#call = call;
    this.#host = host;
    call.onClose(() => {
      this.#buffer(-this.#unflushed);
      this.#finish(new StreamEnd('connection_lost', 'the connection has gone'));
    });
  }

  get peer(): string {
    return this.#call.peer;
  }

  get caller(): Caller | undefined {
    return this.#caller;
  }

  /** Undefined before its hello. */
  get session(): Session | undefined {
    return this.#session;
  }

  async start(): Promise<void> {
    try {
      const known = await this.#host.authenticate(this.#call.token);
      if (known !== undefined && 'callerFor' in known) this.#grant = known;
      else this.#caller = known;
      if (this.#isOver) return;
      const { helloMs } = this.#host.limits;
      this.#expect(helloMs, () => new StreamEnd('hello_overdue', `expected a hello within ${helloMs} ms`));
      this.#ageTimer = setTimeout(() => this.#age(), this.#lifetimeMs());
      this.#call.read((bytes) => this.#receive(bytes));
    } catch (error) {
      this.end(asStreamEnd(error));
    }
  }

  /** Brings the sidecar up to what the catalog says now, unless an answer of it is awaited. */
  push(): void {
    if (this.#isOver || this.#session === undefined) return;
    try {
      this.#update(this.#session);
    } catch (error) {
      // One sidecar's trouble is not the others'.
      this.end(asStreamEnd(error));
    }
  }

  #update(session: Session): void {
    const { node, subscription } = session;
    if (subscription.isAwaitingAnswer()) return;
    const { catalog } = this.#host;
    const view = {
      ...{ namespace: node.namespace, isGateway: session.isGateway },
      ...{ interests: subscription.keys(), holds: subscription.held() },
    };
    session.isDue = false;
    const update = subscription.next(translate(catalog, view), podFacts(node, catalog), this.#host.isSought);
    this.#noteMesh(session);
    if (update === undefined) {
      session.behindSinceMs = undefined;
      return;
    }
    session.isWhole = update.isWhole;
    const bytes = encodeUpdate(update.nonce, update.parts);
    if (bytes.length > MAX_UPDATE_BYTES) this.#refuseForIt(update.nonce, bytes.length);
    else this.#send(update.nonce, bytes);
  }

  /** What was looked for is found, or is not there. */
  looked(): void {
    if (this.#session?.subscription.awaits() === true) this.due();
  }

  /** There may be something to tell it, in its turn. */
  due(): void {
    if (this.#session === undefined) return;
    this.#session.isDue = true;
    this.#session.behindSinceMs ??= Date.now();
    this.#host.due(this);
  }

  /** Ends where its token has been taken out meanwhile. */
  recheck(): void {
    if (this.#grant?.isInForce() === false) this.end(notInForce());
  }

  end(end: StreamEnd): void {
    if (this.#isOver) return;
    this.#call.end(end);
    this.#finish(end);
  }

  #receive(bytes: Buffer): void {
    try {
      this.#handle(decodeClientMessage(bytes));
    } catch (error) {
      this.end(asStreamEnd(error));
    }
  }

  #handle(message: ClientMessage): void {
    if (message.kind === 'hello') return this.#hello(message);
    const session = this.#session;
    if (session === undefined) throw new StreamEnd('hello_expected', 'expected a hello before anything else');
    if (message.kind === 'interest') return this.#interest(message, session);
    if (message.kind === 'nack') return this.#nack(message, session);
    if (message.kind === 'draining') return this.#host.draining(this);
    if (!session.subscription.ack(message.nonce)) return;
    this.#noteMesh(session);
    clearTimeout(this.#answerTimer);
    if (session.isDue || !session.isWhole) this.#host.due(this);
    else session.behindSinceMs = undefined;
  }

  #hello({ node, holds, draining }: Hello): void {
    if (this.#session !== undefined)
      throw new StreamEnd('hello_expected', 'expected one hello, found a second');
    // It may have been taken out since it was shown.
    if (this.#grant?.isInForce() === false) throw notInForce();
    this.#caller ??= this.#grant?.callerFor(node);
    checkIdentity(node, this.#caller);
    const subscription = new Subscription(holds, node);
    this.#session = {
      ...{ node, subscription, isDue: false, isWhole: true, meshes: subscription.meshes() },
      ...{ behindSinceMs: undefined, rejection: undefined },
      isGateway: isGateway(node, this.#caller),
    };
    this.#host.joined(this);
    if (draining === true) this.#host.draining(this);
    else this.#host.serving(this);
    clearTimeout(this.#answerTimer);
    this.due();
  }

  #noteMesh(session: Session): void {
    const meshes = session.subscription.meshes();
    if (meshes === session.meshes) return;
    session.meshes = meshes;
    this.#host.acknowledged(this);
  }

  #interest(interest: Interest, { node, subscription }: Session): void {
    const canonicalise = (key: Interest['add'][number]) => this.#host.canonicalise(key, node.namespace);
    this.#host.rekeyed(this, subscription.want(interest, canonicalise, this.#host.turn()));
    this.due();
  }

  #nack(nack: Nack, session: Session): void {
    const parts = session.subscription.nack(nack.nonce);
    if (parts === undefined) return;
    clearTimeout(this.#answerTimer);
    this.#refused(nack, parts);
    this.due();
  }

  #refused(nack: Nack, parts: readonly string[]): void {
    if (this.#session !== undefined) this.#session.rejection = { problems: nack.problems, atMs: Date.now() };
    this.#host.refused(this, nack, parts);
  }

  /** A sidecar would not take so large a message; what it has of that service is still the best that there is. */
  #refuseForIt(nonce: string, bytes: number): void {
    const parts = this.#session?.subscription.nack(nonce) ?? [];
    const what = parts.length === 0 ? 'it' : parts.join(', ');
    const message = `expected an update of at most ${MAX_UPDATE_BYTES} bytes, ${what} has ${bytes}${advice(parts)}`;
    this.#refused({ kind: 'nack', nonce, problems: [{ path: '', message }] }, parts);
    this.due();
  }

  #send(nonce: string, bytes: Buffer): void {
    const { answerMs } = this.#host.limits;
    this.#expect(
      answerMs,
      () => new StreamEnd('slow_consumer', `expected an answer to update ${nonce} within ${answerMs} ms`),
    );
    this.#buffer(bytes.length);
    this.#call.send(bytes, () => this.#buffer(-bytes.length));
    this.#host.updated(bytes.length);
  }

  #buffer(bytes: number): void {
    this.#unflushed += bytes;
    this.#host.buffered(bytes);
  }

  #expect(withinMs: number, overdue: () => StreamEnd): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.end(overdue()), withinMs);
  }

  #lifetimeMs(): number {
    const { ageMs, minAgeMs } = this.#host.limits;
    const jitter = 0.8 + 0.2 * Math.random();
    const tokenMs = (this.#caller?.expiresAtMs ?? Number.POSITIVE_INFINITY) - Date.now();
    return Math.max(minAgeMs, Math.min(ageMs * jitter, tokenMs));
  }

  #age(): void {
    this.end(new StreamEnd('age', 'come back with the token of now'));
  }

  #finish(end: StreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#ageTimer);
    this.#host.ended(this, end);
  }
}

/** What there is of a sidecar once it has said hello. */
export interface Session {
  readonly node: NodeIdentity;
  /** It may be told the edge; another one that calls itself a gateway is served as sidecars are. */
  readonly isGateway: boolean;
  readonly subscription: Subscription;
  /** Something may have changed since the last update was made. */
  isDue: boolean;
  /** The last update had all that there was to say. */
  isWhole: boolean;
  /** Versions of the mesh part that may be in force there, with a space between; empty before it is told one. */
  meshes: string;
  /** Since when (milliseconds since 1970) it may lack something; undefined: it has acknowledged all there is for it. */
  behindSinceMs: number | undefined;
  /** The last update that it has refused. */
  rejection: { readonly problems: Nack['problems']; readonly atMs: number } | undefined;
}

function notInForce(): StreamEnd {
  return new StreamEnd('token_refused', 'the token is not in force any more');
}

/** What people can do about a part that is too large. */
function advice(parts: readonly string[]): string {
  if (!parts.includes(EDGE)) return '';
  return '; what gateways serve stays as it is: fewer hosts, rules or certificates (one for *.example.com instead of many) fit';
}

/** What the token says counts, not the sidecar's word. */
function checkIdentity(node: NodeIdentity, caller: Caller | undefined): void {
  if (caller === undefined) return;
  if (node.pod === caller.pod && node.namespace === caller.namespace) return;
  throw new StreamEnd(
    'identity_mismatch',
    `the token is of pod ${caller.namespace}/${caller.pod}, the hello says ${node.namespace}/${node.pod}`,
  );
}

/** Private keys are for those who were said to be gateways; where nobody says anything of anybody, this machine is among itself. */
function isGateway(node: NodeIdentity, caller: Caller | undefined): boolean {
  return node.role === 'gateway' && (caller === undefined || caller.isGateway === true);
}

function podFacts({ address }: NodeIdentity, catalog: Catalog): PodFacts {
  return address === undefined ? {} : { zone: catalog.zoneOf(address), lane: catalog.laneOf(address) };
}
