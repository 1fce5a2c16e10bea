import { maxInterests } from '@lanekeeper/protocol/discovery';
import type { Hello, Interest, InterestKey, NodeIdentity } from '@lanekeeper/protocol/discovery';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { CanonicalKey, CatalogService } from '../catalog/catalog.ts';
import type { NodeDelta, NodeHoldings } from '../translate/translate.ts';
import type { UpdateParts } from './encode-update.ts';
import { Refusals } from './refusals.ts';
import { StreamEnd } from './stream-end.ts';

export type Canonicalise = (key: InterestKey) => readonly CanonicalKey[];

export interface KeyChange {
  readonly added: readonly CanonicalKey[];
  readonly removed: readonly CanonicalKey[];
  /** Of each key that is to be answered, what it may mean. */
  readonly asked: readonly (readonly CanonicalKey[])[];
}

/** Whether the answer to a key that was asked for in this turn waits for somebody who is looking. */
export type IsSought = (meanings: readonly CanonicalKey[], turn: number) => boolean;

/** Nobody looks for what was asked for then. */
const NO_TURN = -1;

/** Values in one update, unless a single service is larger: a slow reader then holds up little, and no message nears its bound. */
const UPDATE_BUDGET_CHARS = 256 * 1024;

export interface NextUpdate {
  readonly nonce: string;
  readonly parts: UpdateParts;
  /** Nothing of the delta is left for a later one. */
  readonly isWhole: boolean;
}

/** What the cluster knows of a sidecar's own pod; undefined: nothing, or as the sidecar says. */
export interface PodFacts {
  readonly zone?: string | undefined;
  readonly lane?: string | undefined;
}

/** What one sidecar wants, holds, refuses and is being told. No I/O: keys, deltas and answers in, updates out. */
export class Subscription {
  /** As the sidecar wrote it -> as the catalog does. */
  readonly #keys = new Map<InterestKey, readonly CanonicalKey[]>();
  readonly #uses = new Map<CanonicalKey, number>();
  /** With the publisher's turn in which it was asked for. */
  readonly #unanswered = new Map<InterestKey, number>();
  readonly #services: Map<string, string>;
  readonly #refusals = new Refusals();
  readonly #maxKeys: number;
  #mesh: string | undefined;
  #edge: string | undefined;
  /** The one that was held when it was last told all that there was, or when it came. */
  #meshInStep: string | undefined;
  #pod: PodFacts;
  #inFlight: NextUpdate | undefined;
  #sent = 0;
  #hasAsked = false;

  constructor(holds: Hello['holds'], node: Partial<Pick<NodeIdentity, 'role' | 'lane'>> = {}) {
    this.#maxKeys = maxInterests(node);
    this.#pod = { lane: node.lane === '' ? BASELINE : node.lane };
    this.#mesh = holds.mesh;
    this.#meshInStep = holds.mesh;
    this.#edge = holds.edge;
    this.#services = new Map(Object.entries(holds.services));
  }

  keys(): Iterable<CanonicalKey> {
    return this.#uses.keys();
  }

  interests(): number {
    return this.#keys.size;
  }

  held(): NodeHoldings {
    return { mesh: this.#mesh, edge: this.#edge, services: this.#services };
  }

  /**
   * Versions of the mesh part that may be in force there, with a space between: the one that it has acknowledged with all that came
   * with it, and the one that is on its way. Nothing before it is told one: what there is then has all.
   */
  meshes(): string {
    const versions = [this.#meshInStep, this.#inFlight?.parts.mesh?.version];
    return versions.filter((version) => version !== undefined).join(' ');
  }

  isAwaitingAnswer(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Ids (and `mesh` and `edge`) whose present content the sidecar has refused. */
  refused(): readonly string[] {
    return this.#refusals.refused();
  }

  /** Something it has asked for has no answer yet. */
  awaits(): boolean {
    return this.#unanswered.size > 0;
  }

  /** Takes an interest in; what is returned is new, or no longer of use, to this sidecar. */
  want({ add, remove }: Interest, canonicalise: Canonicalise, turn = NO_TURN): KeyChange {
    this.#hasAsked = true;
    const removed = remove.flatMap((key) => this.#drop(key));
    const added = add.flatMap((key) => this.#add(key, canonicalise, turn));
    if (this.#keys.size > this.#maxKeys) {
      throw new StreamEnd('too_many_interests', `expected at most ${this.#maxKeys} keys at a time`);
    }
    const asked = add.map((key) => this.#keys.get(key) ?? []);
    return { added, removed: removed.filter((key) => !this.#uses.has(key)), asked };
  }

  /**
   * The next update; undefined while one is under way and when there is nothing to say. A sidecar's first one is always there,
   * so that it knows itself in step. What `isSought` is not answered yet.
   */
  next(delta: NodeDelta, pod: PodFacts, isSought: IsSought = () => false): NextUpdate | undefined {
    if (this.#inFlight !== undefined) return undefined;
    const { parts, isWhole } = this.#select(delta);
    const answered = isWhole ? this.#answerable(isSought) : [];
    const facts = newFacts(pod, this.#pod);
    const count = size(parts) + parts.removed.length + answered.length + Object.keys(facts).length;
    if (count === 0 && this.#sent > 0) {
      this.#meshInStep = this.#mesh;
      return undefined;
    }
    this.#sent += 1;
    const whole = { ...parts, answered, ...facts };
    this.#inFlight = { nonce: String(this.#sent), parts: whole, isWhole };
    for (const key of answered) this.#unanswered.delete(key);
    return this.#inFlight;
  }

  /** False: it answers nothing that is under way. */
  ack(nonce: string): boolean {
    const update = this.#settle(nonce);
    if (update === undefined) return false;
    this.#remember(update.parts);
    if (update.isWhole) this.#meshInStep = this.#mesh;
    return true;
  }

  /** Like `ack`; returns what will not be sent again as it is: `mesh`, `edge` or service ids, none while the culprit is sought. */
  nack(nonce: string): readonly string[] | undefined {
    const parts = this.#settle(nonce)?.parts;
    if (parts === undefined) return undefined;
    // Nothing in it could be wrong by its content: taken as read, or it would go to and fro for ever.
    if (size(parts) === 0) this.#remember(parts);
    for (const key of parts.answered)
      if (size(parts) > 0 && this.#keys.has(key)) this.#unanswered.set(key, NO_TURN);
    return this.#refusals.refuse(parts);
  }

  #settle(nonce: string): NextUpdate | undefined {
    const update = this.#inFlight;
    if (update?.nonce !== nonce) return undefined;
    this.#inFlight = undefined;
    return update;
  }

  #remember(parts: UpdateParts): void {
    const { mesh, edge, zone = this.#pod.zone, lane = this.#pod.lane } = parts;
    if (mesh !== undefined) this.#mesh = mesh.version;
    if (edge !== undefined) this.#edge = edge.version;
    for (const { id, version } of parts.services) this.#services.set(id, version);
    for (const id of parts.removed) this.#services.delete(id);
    this.#pod = { zone, lane };
    this.#refusals.accept(parts);
  }

  /** Of the delta what goes out now: not what was refused, one by one where a culprit is sought, and only so much. */
  #select(delta: NodeDelta): { readonly parts: Omit<UpdateParts, 'answered'>; readonly isWhole: boolean } {
    const removed = this.#hasAsked ? delta.removed : [];
    const { mesh, edge, services, isAlone } = this.#refusals.filter(delta);
    const used = (mesh?.json.length ?? 0) + (edge?.json.length ?? 0);
    const part = isAlone ? services : withinBudget(services, used);
    const isWhole = !isAlone && part.length === services.length;
    return { parts: { mesh, edge, services: part, removed }, isWhole };
  }

  #answerable(isSought: IsSought): readonly InterestKey[] {
    return [...this.#unanswered].flatMap(([key, turn]) =>
      isSought(this.#keys.get(key) ?? [], turn) ? [] : [key],
    );
  }

  #add(key: InterestKey, canonicalise: Canonicalise, turn: number): readonly CanonicalKey[] {
    this.#unanswered.set(key, turn);
    if (this.#keys.has(key)) return [];
    const meanings = canonicalise(key);
    this.#keys.set(key, meanings);
    return meanings.filter((meaning) => this.#count(meaning, +1) === 1);
  }

  #drop(key: InterestKey): readonly CanonicalKey[] {
    const meanings = this.#keys.get(key) ?? [];
    this.#keys.delete(key);
    this.#unanswered.delete(key);
    return meanings.filter((meaning) => this.#count(meaning, -1) === 0);
  }

  /** How many of its keys mean it, after one more or less. */
  #count(meaning: CanonicalKey, by: 1 | -1): number {
    const uses = (this.#uses.get(meaning) ?? 0) + by;
    if (uses > 0) this.#uses.set(meaning, uses);
    else this.#uses.delete(meaning);
    return uses;
  }
}

function size({ mesh, edge, services }: Pick<UpdateParts, 'mesh' | 'edge' | 'services'>): number {
  return services.length + (mesh === undefined ? 0 : 1) + (edge === undefined ? 0 : 1);
}

/** What of `now` it has not been told. */
function newFacts({ zone, lane }: PodFacts, told: PodFacts): PodFacts {
  return {
    ...(zone === undefined || zone === told.zone ? {} : { zone }),
    ...(lane === undefined || lane === told.lane ? {} : { lane }),
  };
}

/** As many as fit, and at least one. */
function withinBudget(services: readonly CatalogService[], used: number): readonly CatalogService[] {
  let left = UPDATE_BUDGET_CHARS - used;
  const end = services.findIndex(({ json }, index) => (left -= json.length) < 0 && index > 0);
  return end < 0 ? services : services.slice(0, end);
}
