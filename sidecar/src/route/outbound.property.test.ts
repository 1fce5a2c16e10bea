import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedLanes, expectedSubset, laneOfKey, serviceOf } from './allowed-lanes.fixture.ts';
import { meshes, podLanes, ports, serviceNames, tags } from './arbitrary-mesh.fixture.ts';
import { decideOutbound } from './decide-outbound.ts';
import { explain } from './explain.ts';
import { connection, contextOf, firstUsable, lane, request } from './mesh.fixture.ts';
import { moodyPickers, pickers } from './pickers.fixture.ts';
import { requestEdits } from './request-edits.ts';
import { retryDecision } from './retry-decision.ts';

const RUNS = { numRuns: 3000 };

const calls = fc.record({
  config: meshes,
  service: serviceNames,
  port: ports,
  tag: tags,
  podLane: podLanes,
  /** The client connected to the service's endpoint at this place by itself; undefined: by name. */
  place: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
});

type Call = typeof calls extends fc.Arbitrary<infer Value> ? Value : never;

function tagged(tag: string | undefined): Record<string, string> {
  return tag === undefined ? {} : { baggage: `lane=${tag}` };
}

function destinationOf({ config, service, port, place }: Call) {
  const chosen = place === undefined ? undefined : serviceOf(config, service).endpoints[place];
  const endpointPort = chosen?.ports[port];
  if (chosen === undefined || endpointPort === undefined) return undefined;
  return { address: chosen.address, port: endpointPort };
}

function decide(call: Call, picker = firstUsable) {
  const context = contextOf(call.config, { lane: call.podLane, picker });
  const head = request(`${call.service}:${call.port}`, tagged(call.tag));
  return {
    context,
    head,
    decision: decideOutbound(head, connection('outbound', destinationOf(call)), context),
  };
}

/** The lane of the request by the ladder: its tag, else the pod's own. */
function laneOf(call: Call): string {
  return call.tag ?? call.podLane;
}

describe('outbound, over generated meshes', () => {
  it('a request reaches only its lane, the lanes of its declared fallback chain, or the baseline', () => {
    fc.assert(
      fc.property(calls, fc.oneof(pickers, moodyPickers), (call, picker) => {
        const { decision } = decide(call, picker);
        expect(decision.evidence.lane).toBe(laneOf(call));
        if (decision.endpoint === undefined) return;
        const reached = laneOfKey(decision.endpoint.key, call.config);
        expect(allowedLanes(laneOf(call), call)).toContain(reached);
        expect(decision.subset).toBe(reached);
      }),
      RUNS,
    );
  });

  it('a request of the baseline never reaches an endpoint that carries a lane', () => {
    fc.assert(
      fc.property(calls, fc.oneof(pickers, moodyPickers), (call, picker) => {
        const { decision } = decide({ ...call, tag: 'base' }, picker);
        if (decision.endpoint !== undefined)
          expect(laneOfKey(decision.endpoint.key, call.config)).toBe('base');
      }),
      RUNS,
    );
  });

  it('is decided with a piece of the mesh, and the names of all its lanes, as with the whole', () => {
    fc.assert(
      fc.property(calls, pickers, (call, picker) => {
        const { services, lanes } = call.config;
        const carried = services.flatMap(({ endpoints }) => endpoints.flatMap(({ lane }) => lane ?? []));
        const declared = new Set(lanes.filter(({ group }) => group === '').map(({ name }) => name));
        const named = [...new Set(carried)].filter((name) => !declared.has(name));
        const piece = {
          ...call.config,
          services: services.filter(({ name }) => name === call.service),
          lanes: [...lanes, ...named.map((name) => lane(name, { group: '' }))],
        };
        const whole = decide(call, picker);
        const part = decide({ ...call, config: piece }, picker);
        expect(part.decision.evidence).toEqual(whole.decision.evidence);
        expect(part.decision.subset).toBe(whole.decision.subset);
        expect(part.decision.fallback).toEqual(whole.decision.fallback);
        expect(part.decision.refusal?.code).toBe(whole.decision.refusal?.code);
        const edits = (one: typeof whole) =>
          requestEdits(one.decision, one.head, 'outbound', call.config.settings);
        expect(edits(part)).toEqual(edits(whole));
      }),
      RUNS,
    );
  });

  it('a request goes to the first lane of its chain that can serve it, and is refused only when none can', () => {
    fc.assert(
      fc.property(calls, pickers, (call, picker) => {
        const { decision } = decide(call, picker);
        const expected = expectedSubset(laneOf(call), call);
        expect(decision.subset).toBe(expected?.lane);
        expect(decision.refusal?.code).toBe(expected === undefined ? 'no-endpoint' : undefined);
        if (expected !== undefined) expect(expected.keys).toContain(decision.endpoint?.key);
      }),
      RUNS,
    );
  });

  it('leaving the lane is always recorded, with the right end and a reason; staying in it never is', () => {
    fc.assert(
      fc.property(calls, fc.oneof(pickers, moodyPickers), (call, picker) => {
        const { decision } = decide(call, picker);
        const lane = laneOf(call);
        if (decision.subset === undefined || decision.subset === lane) {
          expect(decision.fallback).toBeUndefined();
          return;
        }
        expect(decision.fallback).toMatchObject({ from: lane, to: decision.subset });
        const endpoints = serviceOf(call.config, call.service).endpoints;
        const isInLanes = endpoints.some((endpoint) => endpoint.lane !== undefined);
        const hasLane = endpoints.some((one) => one.lane === lane && one.ports[call.port] !== undefined);
        const reason = decision.fallback?.reason;
        if (hasLane) expect(reason).toBe('no-healthy-endpoint');
        else if (isInLanes) expect(['no-endpoint-in-lane', 'unknown-lane']).toContain(reason);
        else expect(reason).not.toBe('no-healthy-endpoint');
      }),
      RUNS,
    );
  });

  it("keeps the client's own choice of an endpoint exactly when its lane allows it and it is usable", () => {
    fc.assert(
      fc.property(calls, pickers, (call, picker) => {
        const chosen = destinationOf(call);
        fc.pre(chosen !== undefined);
        const key = `${chosen.address}:${chosen.port}`;
        const isAllowed = expectedSubset(laneOf(call), call)?.keys.includes(key) === true;
        expect(decide(call, picker).decision.endpoint?.key === key).toBe(isAllowed);
      }),
      RUNS,
    );
  });

  it('an unknown destination is passed through untouched, and no tag leaves the mesh', () => {
    const hosts = fc.constantFrom('api.example.com', 'b:4711', '203.0.113.7:5432', 'b.other.svc');
    fc.assert(
      fc.property(calls, hosts, (call, authority) => {
        const context = contextOf(call.config, { lane: call.podLane });
        const head = request(authority, { ...tagged(call.tag), traceparent: '00-aa-bb-01' });
        const destination = { address: '203.0.113.7', port: 4711 };
        const decision = decideOutbound(head, connection('outbound', destination), context);
        expect(decision).toMatchObject({ target: destination, servicePort: undefined, refusal: undefined });
        const edits = requestEdits(decision, head, 'outbound', call.config.settings);
        expect(edits).toEqual(call.tag === undefined ? [] : [{ name: 'baggage', value: null }]);
      }),
      RUNS,
    );
  });

  it('retries never leave the allowed lanes, never repeat an endpoint, and end only when nothing is left', () => {
    fc.assert(
      fc.property(calls, pickers, (call, picker) => {
        const { context, decision } = decide(call, picker);
        const lane = laneOf(call);
        const tried = new Set<string>();
        for (let next: typeof decision | undefined = decision; next?.endpoint !== undefined;) {
          const { key } = next.endpoint;
          expect(tried).not.toContain(key);
          expect(expectedSubset(lane, call, tried)?.keys).toContain(key);
          expect(next.evidence).toBe(decision.evidence);
          tried.add(key);
          next = retryDecision(next, { direction: 'outbound', tried }, context);
        }
        expect(expectedSubset(lane, call, tried)).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('explain tells for the chosen lane what the decision is, and for each other lane what its request would get', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const { context, decision } = decide(call);
        const headers = Object.entries(tagged(call.tag));
        const authority = `${call.service}:${call.port}`;
        const asked = { direction: 'outbound', method: 'GET', authority, path: '/', headers } as const;
        const told = explain({ ...asked, destination: destinationOf(call) }, context);
        expect(told.lane).toBe(decision.evidence.lane);
        expect(told.subset).toBe(decision.subset ?? null);
        expect(told.endpoint?.address).toBe(decision.endpoint?.key);
        expect(told.refusal?.message).toBe(decision.refusal?.message);
        expect(told.dropped.map(({ endpoint }) => endpoint)).toEqual(
          decision.dropped.map((one) => one.endpoint),
        );
        for (const other of told.counterfactual) {
          const real = decide({ ...call, tag: other.lane }).decision;
          expect(other.subset).toBe(real.subset ?? null);
          expect(other.endpoint?.address).toBe(real.endpoint?.key);
          expect(other.refusal?.message).toBe(real.refusal?.message);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
