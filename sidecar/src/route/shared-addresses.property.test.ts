import fc from 'fast-check';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { describe, expect, it } from 'vitest';
import {
  instances,
  lanesNamedFor,
  registries,
  REGISTRY_LANES,
  REGISTRY_NAMES,
  type Instance,
} from './arbitrary-registry.fixture.ts';
import { decideOutbound } from './decide-outbound.ts';
import { decideStream } from './decide-stream.ts';
import type { Decision } from './decision.ts';
import { describeDecision } from './describe-decision.ts';
import { connection, contextOf, request } from './mesh.fixture.ts';
import { pickers } from './pickers.fixture.ts';
import { retryDecision } from './retry-decision.ts';

const RUNS = { numRuns: 3000 };

const calls = fc.record({
  config: registries,
  chosen: instances,
  lane: fc.constantFrom('base', ...REGISTRY_LANES),
  /** What the request calls its destination: the instance itself, a service's name, or nothing. */
  names: fc.option(fc.constantFrom('', ...REGISTRY_NAMES), { nil: undefined }),
  /** Intercepted, or through the forward proxy, where the authority alone tells. */
  isIntercepted: fc.boolean(),
  picker: pickers,
});

type Call = typeof calls extends fc.Arbitrary<infer Value> ? Value : never;

function decide({ config, chosen, lane, names, isIntercepted, picker }: Call) {
  const context = contextOf(config, { picker });
  const authority = isIntercepted ? (names ?? formatAddress(chosen)) : formatAddress(chosen);
  const head = request(authority, { baggage: `lane=${lane}` });
  const from = connection('outbound', isIntercepted ? chosen : undefined);
  return { context, decision: decideOutbound(head, from, context) };
}

function reached({ target }: Decision): Instance {
  if (target === undefined) throw new Error('the request was refused');
  return target;
}

/** What a lane may reach at all: itself, what its chain names, the baseline. */
function mayReach(lane: string, config: MeshConfig): readonly string[] {
  if (lane === 'base') return ['base'];
  return [lane, 'base', ...(config.lanes.find(({ name }) => name === lane)?.fallback ?? [])];
}

function expectInLane(decision: Decision, { lane, config }: Call): void {
  if (decision.endpoint === undefined) return;
  const named = [...lanesNamedFor(reached(decision), config)];
  expect(named.length).toBeLessThan(2);
  expect(mayReach(lane, config)).toContain(named[0] ?? 'base');
  expect(decision.subset).toBe(named[0] ?? 'base');
}

describe('instances that several services share, over generated registries', () => {
  it('whichever service counts, no request reaches an instance that somebody names another lane for', () => {
    fc.assert(
      fc.property(calls, (call) => expectInLane(decide(call).decision, call)),
      RUNS,
    );
  });

  it('nor does a retry', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const { context, decision } = decide(call);
        const tried = new Set<string>();
        for (let next: Decision | undefined = decision; next?.endpoint !== undefined;) {
          expect(tried).not.toContain(next.endpoint.key);
          tried.add(next.endpoint.key);
          next = retryDecision(next, { direction: 'outbound', tried }, context);
          if (next !== undefined) expectInLane(next, call);
        }
      }),
      RUNS,
    );
  });

  it('comes to the same in every order that services and instances are told in', () => {
    const shuffled = calls.chain((call) =>
      fc
        .tuple(
          fc.shuffledSubarray([...call.config.services], { minLength: call.config.services.length }),
          fc.boolean(),
        )
        .map(([services, isReversed]) => {
          const told = services.map((one) =>
            isReversed
              ? { ...one, endpoints: one.endpoints.toReversed(), ports: one.ports.toReversed() }
              : one,
          );
          return { call, other: { ...call, config: { ...call.config, services: told } } };
        }),
    );
    fc.assert(
      fc.property(shuffled, ({ call, other }) => {
        const [one, two] = [decide(call).decision, decide(other).decision];
        expect(two.servicePort?.service.id).toBe(one.servicePort?.service.id);
        expect(two.servicePort?.port).toBe(one.servicePort?.port);
        expect(two.subset).toBe(one.subset);
        expect(two.refusal?.code).toBe(one.refusal?.code);
      }),
      RUNS,
    );
  });

  it('takes part in lanes where any of the services that share the instance does', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const { context, decision } = decide({ ...call, names: undefined });
        fc.pre(decision.servicePort !== undefined);
        const owners = context.snapshot.byAddress.get(formatAddress(call.chosen)) ?? [];
        const anyInLanes = owners.some(({ servicePort }) => servicePort.service.isInLanes);
        expect(decision.servicePort.service.isInLanes).toBe(anyInLanes);
      }),
      RUNS,
    );
  });

  it("keeps the client's choice whenever it lies in the subset that is taken and is usable, and tells of it", () => {
    fc.assert(
      fc.property(calls, (call) => {
        const { context, decision } = decide(call);
        const key = formatAddress(call.chosen);
        fc.pre(context.snapshot.byAddress.has(key));
        expect(decision.chosen?.key).toBe(key);
        const subset = decision.servicePort?.subsets.get(decision.subset ?? '');
        const isThere = subset?.usable.some((one) => one.key === key) === true;
        expect(decision.endpoint?.key === key).toBe(isThere);
        const why = describeDecision(decision, 'outbound');
        if (isThere) expect(why).toContain("That is the client's own choice, so it is kept.");
        else expect(why).toContain(`The client had chosen ${key} of ${decision.chosen?.lane ?? ''}, which `);
      }),
      RUNS,
    );
  });

  it('carries opaque bytes to just the instance that was chosen', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const context = contextOf(call.config, { lane: call.lane, picker: call.picker });
        const decision = decideStream(connection('outbound', call.chosen), context);
        expect(decision).toMatchObject({ target: call.chosen, servicePort: undefined, refusal: undefined });
      }),
      RUNS,
    );
  });
});
