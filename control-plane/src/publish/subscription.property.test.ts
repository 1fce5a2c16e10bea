import fc from 'fast-check';
import type { InterestKey } from '@lanekeeper/protocol/discovery';
import { expect, it } from 'vitest';
import { canonicalKeys } from '../catalog/canonical-key.ts';
import { makeService, TestMesh } from '../testing/test-mesh.ts';
import { translate } from '../translate/translate.ts';
import type { UpdateParts } from './encode-update.ts';
import { Subscription } from './subscription.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
/** A service with an endpoint of this address cannot be used by the sidecar, nor an edge with a certificate of that name. */
const BAD = '10.66.6.6';

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly number: number; readonly isBad: boolean }
  | { readonly kind: 'remove' | 'want' | 'drop'; readonly name: string }
  /** What the sidecar serves as a gateway. */
  | { readonly kind: 'serve'; readonly number: number; readonly isBad: boolean }
  /** One exchange of an update and its answer, if there is something to say. */
  | { readonly kind: 'exchange' }
  /** What is sent now is answered by a later exchange only. */
  | { readonly kind: 'send' };

const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), name, number: fc.nat(5), isBad: fc.boolean() }),
  fc.record({ kind: fc.constant('serve' as const), number: fc.nat(3), isBad: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'want' as const, 'drop' as const), name }),
  fc.record({ kind: fc.constant('exchange' as const) }),
  fc.record({ kind: fc.constant('send' as const) }),
);

/** A control plane and a gateway without a network between them. */
class Pair {
  readonly mesh = new TestMesh();
  readonly wanted = new Set<string>();
  readonly held = new Map<string, string>();
  readonly answered = new Set<string>();
  edge: string | undefined;
  readonly #subscription: Subscription;
  #underWay: { readonly nonce: string; readonly parts: UpdateParts } | undefined;

  constructor(held: ReadonlyMap<string, string> = new Map()) {
    this.held = new Map(held);
    this.#subscription = new Subscription({ services: Object.fromEntries(held) });
    // What the sidecar held and still wants comes with its first interest, as the contract has it.
    this.#subscription.want({ kind: 'interest', add: [], remove: [] }, canonicalise);
  }

  take(given: Step): void {
    if (given.kind === 'exchange') this.exchange();
    else if (given.kind === 'send') this.#send();
    else if (given.kind === 'serve') this.#serve(given.isBad ? BAD : `edge-${given.number}`);
    else if (given.kind === 'remove') this.mesh.remove(`shop/${given.name}`);
    else if (given.kind === 'put') {
      this.mesh.put(makeService(given.name, [given.isBad ? BAD : `10.0.0.${given.number}`]));
    } else this.#ask(given.kind, given.name);
  }

  /** False: there was nothing to say. */
  exchange(): boolean {
    this.#send();
    const update = this.#underWay;
    this.#underWay = undefined;
    if (update === undefined) return false;
    const { services, edge } = update.parts;
    const isBad = [...services, ...(edge === undefined ? [] : [edge])].some(({ json }) => json.includes(BAD));
    if (isBad) this.#subscription.nack(update.nonce);
    else this.#accept(update.nonce, update.parts);
    return true;
  }

  #send(): void {
    const interests = this.#subscription.keys();
    const view = { namespace: 'shop', isGateway: true, interests, holds: this.#subscription.held() };
    this.#underWay ??= this.#subscription.next(translate(this.mesh.catalog, view), {});
  }

  #serve(certificate: string): void {
    this.mesh.putEdge({ listeners: [], certificates: { [certificate]: { certificate: '', key: '' } } });
  }

  #ask(kind: 'want' | 'drop', of: string): void {
    const keys: readonly InterestKey[] = [`host:${of}`];
    if (kind === 'want') this.wanted.add(of);
    else this.wanted.delete(of);
    this.answered.delete(of);
    const change = kind === 'want' ? { add: keys, remove: [] } : { add: [], remove: keys };
    this.#subscription.want({ kind: 'interest', ...change }, canonicalise);
  }

  #accept(nonce: string, { edge, services, removed, answered }: UpdateParts): void {
    if (edge !== undefined) this.edge = edge.version;
    for (const id of removed) this.held.delete(id);
    for (const { id, version } of services) this.held.set(id, version);
    for (const key of answered) this.answered.add(key.slice('host:'.length));
    expect(this.#subscription.ack(nonce)).toBe(true);
  }
}

function canonicalise(key: InterestKey): ReturnType<typeof canonicalKeys> {
  return canonicalKeys(key, { namespace: 'shop', clusterDomain: 'cluster.local' });
}

/** Everything comes to rest; were it not to, the number of exchanges would tell. */
function settle(pair: Pair): void {
  let exchanges = 0;
  while (pair.exchange()) expect(exchanges++).toBeLessThan(50);
}

it('brings a gateway to exactly what it needs, whatever changed and whatever it refused on the way', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const each of steps) pair.take(each);
      settle(pair);
      for (const each of NAMES) {
        const id = `shop/${each}`;
        const service = pair.mesh.catalog.service(id);
        if (service === undefined || !pair.wanted.has(each)) expect(pair.held.has(id)).toBe(false);
        else if (!service.json.includes(BAD)) expect(pair.held.get(id)).toBe(service.version);
        else expect(pair.held.get(id)).not.toBe(service.version);
      }
      const edge = pair.mesh.catalog.edge();
      if (edge.json.includes(BAD)) expect(pair.edge).not.toBe(edge.version);
      else expect(pair.edge).toBe(edge.version);
      expect([...pair.wanted].filter((each) => !pair.answered.has(each))).toEqual([]);
    }),
  );
});

it('brings a sidecar that comes back with anything to what it needs', () => {
  const holding = fc.dictionary(
    fc.constantFrom(...NAMES.map((each) => `shop/${each}`), 'shop/gone'),
    fc.string(),
  );
  fc.assert(
    fc.property(holding, fc.array(step, { maxLength: 20 }), (held, steps) => {
      const pair = new Pair(new Map(Object.entries(held)));
      for (const each of steps) if (!('isBad' in each) || !each.isBad) pair.take(each);
      settle(pair);
      const needed = NAMES.filter((each) => pair.wanted.has(each)).flatMap((each) => {
        const service = pair.mesh.catalog.service(`shop/${each}`);
        return service === undefined ? [] : [[service.id, service.version]];
      });
      expect([...pair.held].sort()).toEqual(needed.sort());
    }),
  );
});
