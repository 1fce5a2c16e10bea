import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { expectedSubset, laneOfKey } from './allowed-lanes.fixture.ts';
import { LANES, meshes, podLanes, SERVICES, serviceNames, tags } from './arbitrary-mesh.fixture.ts';
import { decideGateway } from './decide-gateway.ts';
import { decideStream } from './decide-stream.ts';
import { connection, contextOf, request } from './mesh.fixture.ts';
import { pickers } from './pickers.fixture.ts';
import { requestEdits } from './request-edits.ts';

const RUNS = { numRuns: 3000 };
const PORT = 80;

const strangers = fc.record({
  bare: meshes,
  service: serviceNames,
  wanted: tags,
  forged: tags,
  picker: pickers,
});
const opaque = fc.record({
  config: meshes,
  index: fc.nat({ max: SERVICES.length - 1 }),
  /** Of all that is in flight. */
  lane: fc.constantFrom('base', ...LANES),
  podLane: podLanes,
  picker: pickers,
});

/** Every declared lane colours the requests that ask for it in `x-want`; every service has a route under its own host. */
function withEdge(config: MeshConfig): MeshConfig {
  return {
    ...config,
    lanes: config.lanes.map((lane) => ({
      ...lane,
      match: [{ headers: { 'x-want': { exact: lane.name } } }],
    })),
    gateway: {
      trustIncomingTag: false,
      routes: SERVICES.map((name) => ({
        hosts: [`${name}.example.com`],
        pathPrefix: '/',
        service: { name, namespace: 'default' },
        port: PORT,
      })),
    },
  };
}

/** A lane colours only what goes to the services of its own group. */
function colourOf(config: MeshConfig, service: string, wanted: string | undefined): string {
  const group = config.groups.find(({ services }) => services.some(({ name }) => name === service));
  const isColoured = config.lanes.some(
    ({ name, group: of }) => name === wanted && of === (group?.name ?? ''),
  );
  return isColoured && wanted !== undefined ? wanted : 'base';
}

describe('the edge, over generated meshes', () => {
  it('colours by the rules of the group alone: what a stranger says of lanes changes nothing and goes no further', () => {
    fc.assert(
      fc.property(strangers, ({ bare, service, wanted, forged, picker }) => {
        const config = withEdge(bare);
        const context = contextOf(config, { picker });
        const sent = {
          ...(wanted === undefined ? {} : { 'x-want': wanted }),
          ...(forged === undefined ? {} : { baggage: `lane=${forged}`, 'x-lanekeeper-hop': 'corrected' }),
        };
        const head = request(`${service}.example.com`, sent);
        const decision = decideGateway(head, connection('gateway'), context);
        const lane = colourOf(config, service, wanted);
        const expected = expectedSubset(lane, { config, service, port: PORT });
        expect(decision.evidence.lane).toBe(lane);
        expect(decision.subset).toBe(expected?.lane);
        if (decision.endpoint === undefined) return;
        expect(expected?.keys).toContain(decision.endpoint.key);
        const edits = new Map(
          requestEdits(decision, head, 'gateway', config.settings).map(({ name, value }) => [name, value]),
        );
        const kept = forged === lane ? `lane=${forged}` : null;
        expect(edits.get('baggage') ?? kept).toBe(lane === 'base' ? kept : `lane=${lane}`);
        expect(edits.get('x-lanekeeper-hop')).toBe('origin');
      }),
      RUNS,
    );
  });
});

describe('opaque connections, over generated meshes', () => {
  it('reach by a virtual address only what a request of the lane in flight may reach', () => {
    fc.assert(
      fc.property(opaque, ({ config, index, lane, podLane, picker }) => {
        const context = contextOf(config, { lane: podLane, picker, inFlight: { verdict: () => lane } });
        const destination = { address: `10.96.0.${index}`, port: PORT };
        const { endpoint } = decideStream(connection('outbound', destination), context);
        const service = SERVICES[index] ?? '';
        const expected = expectedSubset(lane, { config, service, port: PORT });
        expect(endpoint === undefined ? undefined : laneOfKey(endpoint.key, config)).toBe(expected?.lane);
      }),
      RUNS,
    );
  });
});
