import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOP } from '@lanekeeper/protocol/headers';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { HeaderEdit } from '../wire/head.ts';
import {
  allowedLanes,
  endpointOfKey,
  expectedSubset,
  laneOfKey,
  modeOf,
  serviceOf,
} from './allowed-lanes.fixture.ts';
import { LANES, meshes, podLanes, SERVICES, serviceNames, tags } from './arbitrary-mesh.fixture.ts';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import type { Decision } from './decision.ts';
import { at, connection, contextOf, request } from './mesh.fixture.ts';
import { moodyPickers, pickers } from './pickers.fixture.ts';
import { requestEdits } from './request-edits.ts';

const RUNS = { numRuns: 3000 };
const PORT = 80;
const anyPicker = fc.oneof(pickers, moodyPickers);
type Fields = Readonly<Record<string, string>>;

const arrivals = fc.record({
  config: meshes,
  service: serviceNames,
  place: fc.nat({ max: 5 }),
  tag: tags,
  hop: fc.constantFrom<string | undefined>(undefined, HOP.origin, HOP.corrected),
  /** Undefined: the pod's label and its endpoint agree. */
  otherLane: fc.option(podLanes, { nil: undefined, freq: 4 }),
  picker: anyPicker,
});

type Arrival = typeof arrivals extends fc.Arbitrary<infer Value> ? Value : never;

function headers({ tag, hop }: Pick<Arrival, 'tag' | 'hop'>): Fields {
  return {
    ...(tag === undefined ? {} : { baggage: `lane=${tag}` }),
    ...(hop === undefined ? {} : { 'x-lanekeeper-hop': hop }),
  };
}

/** The request at the pod of the endpoint at `place`; skipped when the service has none there. */
function arrive(arrival: Arrival) {
  const { config, service, place, otherLane, picker } = arrival;
  const { endpoints } = serviceOf(config, service);
  const endpoint = endpoints[place % Math.max(endpoints.length, 1)];
  fc.pre(endpoint !== undefined);
  const podLane = otherLane ?? endpoint.lane ?? 'base';
  const own = { address: endpoint.address, port: endpoint.ports[PORT] ?? 0 };
  const context = contextOf(config, { app: service, lane: podLane, picker });
  const decision = decideInbound(request(service, headers(arrival)), connection('inbound', own), context);
  return { decision, podLane, own, lane: arrival.tag ?? 'base' };
}

function isServed({ refusal, escape }: Decision): boolean {
  return refusal === undefined && escape === undefined;
}

describe('inbound, over generated meshes', () => {
  it('never serves the baseline on a lane pod', () => {
    fc.assert(
      fc.property(arrivals, (arrival) => {
        const { decision, podLane } = arrive({ ...arrival, tag: 'base' });
        if (podLane !== 'base') expect(isServed(decision)).toBe(false);
      }),
      RUNS,
    );
  });

  it('serves a request only in its lane, in a lane of its chain, or in the baseline that a sidecar chose', () => {
    fc.assert(
      fc.property(arrivals, (arrival) => {
        const { decision, podLane, own, lane } = arrive(arrival);
        if (!isServed(decision)) return;
        const { config, service, hop } = arrival;
        const allowed = [lane, ...allowedLanes(lane, { config, service, port: PORT })];
        expect(hop === undefined ? allowed : [...allowed, 'base']).toContain(podLane);
        expect(decision.target).toEqual(own);
      }),
      RUNS,
    );
  });

  it('serves a request of its own lane always', () => {
    fc.assert(
      fc.property(arrivals, (arrival) => {
        const { podLane } = arrive(arrival);
        expect(isServed(arrive({ ...arrival, tag: podLane, otherLane: podLane }).decision)).toBe(true);
      }),
      RUNS,
    );
  });

  it('sends on only what it may: permissive, not twice, to another pod, in a lane that the request may have', () => {
    fc.assert(
      fc.property(arrivals, (arrival) => {
        const { decision, own, podLane, lane } = arrive(arrival);
        if (decision.escape !== 'corrected' || decision.endpoint === undefined) return;
        const { config, service, hop } = arrival;
        const reached = laneOfKey(decision.endpoint.key, config);
        expect(allowedLanes(lane, { config, service, port: PORT })).toContain(reached);
        expect(reached).not.toBe(podLane);
        expect(decision.target).not.toEqual(own);
        expect(modeOf(config, service)).toBe('permissive');
        expect(hop).not.toBe(HOP.corrected);
      }),
      RUNS,
    );
  });

  it('refuses in a strict group what a permissive one sends on', () => {
    let corrections = 0;
    fc.assert(
      fc.property(arrivals, (arrival) => {
        const { config } = arrival;
        const under = (mode: 'strict' | 'permissive'): MeshConfig => ({
          ...config,
          settings: { ...config.settings, mode },
          groups: config.groups.map((group) => ({ ...group, mode })),
        });
        if (arrive({ ...arrival, config: under('permissive') }).decision.escape !== 'corrected') return;
        corrections += 1;
        const strict = arrive({ ...arrival, config: under('strict') }).decision;
        expect(strict).toMatchObject({
          escape: 'refused',
          target: undefined,
          refusal: { code: 'wrong-lane' },
        });
      }),
      RUNS,
    );
  });
});

/** The pod behind an endpoint decides on what reaches it. */
function deliver(config: MeshConfig, to: { readonly key: string }, sent: Fields, picker: Arrival['picker']) {
  const lane = laneOfKey(to.key, config) ?? 'base';
  const endpoint = endpointOfKey(to.key, config);
  const service = config.services.find(
    ({ endpoints }) => endpoint !== undefined && endpoints.includes(endpoint),
  );
  const context = contextOf(config, { app: service?.name ?? '', lane, picker });
  return decideInbound(request(service?.name ?? '', sent), connection('inbound', at(to.key)), context);
}

function applied(sent: Fields, edits: readonly HeaderEdit[]): Fields {
  const names = new Set(edits.map((edit) => edit.name));
  const kept = Object.entries(sent).filter(([name]) => !names.has(name));
  const added = edits.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]));
  return Object.fromEntries([...kept, ...added]);
}

describe('both sides, over generated meshes', () => {
  it('a destination accepts what an origin chose, whatever failures each of them has seen', () => {
    fc.assert(
      fc.property(arrivals, moodyPickers, podLanes, (arrival, originPicker, originLane) => {
        const { config, service, picker } = arrival;
        const origin = contextOf(config, { lane: originLane, picker: originPicker });
        const sent = headers({ tag: arrival.tag, hop: undefined });
        const head = request(service, sent);
        const decision = decideOutbound(head, connection('outbound'), origin);
        fc.pre(decision.endpoint !== undefined);
        const edits = requestEdits(decision, head, 'outbound', config.settings);
        const received = deliver(config, decision.endpoint, applied(sent, edits), picker);
        expect(isServed(received)).toBe(true);
      }),
      RUNS,
    );
  });

  it('a request that came without a sidecar is corrected at most once before it is served', () => {
    let corrections = 0;
    fc.assert(
      fc.property(arrivals, anyPicker, (arrival, nextPicker) => {
        const direct = { ...arrival, hop: undefined, otherLane: undefined };
        const { decision } = arrive(direct);
        if (decision.escape !== 'corrected' || decision.endpoint === undefined) return;
        corrections += 1;
        const sent = headers(direct);
        const edits = requestEdits(
          decision,
          request(arrival.service, sent),
          'inbound',
          arrival.config.settings,
        );
        expect(isServed(deliver(arrival.config, decision.endpoint, applied(sent, edits), nextPicker))).toBe(
          true,
        );
      }),
      RUNS,
    );
    expect(corrections).toBeGreaterThan(RUNS.numRuns / 20);
  });

  it('a request re-enters its lane after a baseline hop, though no application forwards a header', () => {
    const paths = fc.array(fc.constantFrom(...SERVICES), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(meshes, fc.constantFrom(...LANES), paths, pickers, (config, lane, path, picker) => {
        let podLane = 'base';
        for (const service of path) {
          const context = contextOf(config, { lane: podLane, picker, inFlight: { verdict: () => lane } });
          const { endpoint } = decideOutbound(request(service), connection('outbound'), context);
          const expected = expectedSubset(lane, { config, service, port: PORT });
          expect(endpoint === undefined ? undefined : laneOfKey(endpoint.key, config)).toBe(expected?.lane);
          if (endpoint === undefined) return;
          podLane = endpoint.lane;
        }
      }),
      RUNS,
    );
  });
});
