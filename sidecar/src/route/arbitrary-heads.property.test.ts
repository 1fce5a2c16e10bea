import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Direction } from '@lanekeeper/protocol/hop';
import { SEVERAL } from '../lane/evidence.ts';
import { meshes, podLanes } from './arbitrary-mesh.fixture.ts';
import { decideGateway } from './decide-gateway.ts';
import { decideInbound } from './decide-inbound.ts';
import { decideOutbound } from './decide-outbound.ts';
import { decideStream } from './decide-stream.ts';
import type { Decision } from './decision.ts';
import { describeDecision } from './describe-decision.ts';
import { explain } from './explain.ts';
import { connection, contextOf, request } from './mesh.fixture.ts';
import { requestEdits } from './request-edits.ts';
import { responseEdits } from './response-edits.ts';

const junk = fc.string({ unit: 'binary', maxLength: 30 });
const hosts = fc.oneof(
  junk,
  fc.constantFrom('', 'a', 'b:80', '[', '[::1]:', 'a:99999999999', '.', ':', 'a..:80', '[]'),
);
const baggage = fc.oneof(
  junk,
  fc.constantFrom('lane', 'lane=', 'lane=%', 'lane=gray;x', ',,lane=gray,', 'lane=a,lane=b'),
);
const addresses = fc.oneof(
  fc.record({ address: junk, port: fc.integer() }),
  fc.record({
    address: fc.constantFrom('10.0.0.0', '10.0.1.2', '10.96.0.1', '::1', '::ffff:10.0.0.1'),
    port: fc.constantFrom(80, 8080),
  }),
);

const attempts = fc.record({
  config: meshes,
  podLane: podLanes,
  authority: hosts,
  path: fc.oneof(junk, fc.constant('/')),
  fields: fc.dictionary(
    fc.constantFrom(
      'x-lanekeeper-hop',
      'x-lanekeeper-explain',
      'traceparent',
      'b3',
      'sw8',
      'x-request-id',
      'cookie',
    ),
    fc.oneof(junk, fc.constantFrom('1', 'origin', 'corrected')),
  ),
  baggage: fc.option(baggage, { nil: undefined }),
  destination: fc.option(addresses, { nil: undefined }),
  verdict: fc.constantFrom(undefined, 'gray', SEVERAL),
  link: fc.constantFrom(undefined, 'green', SEVERAL),
});

const DECIDE = { inbound: decideInbound, outbound: decideOutbound, gateway: decideGateway } as const;
const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound', 'gateway'];

describe('any request whatever', () => {
  it('gets a decision: never an exception, and either somewhere to go or a refusal', () => {
    fc.assert(
      fc.property(attempts, (attempt) => {
        const { config, podLane, authority, path, destination, verdict, link } = attempt;
        const routes = [
          { hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 },
        ];
        const context = contextOf(
          { ...config, gateway: { trustIncomingTag: true, routes } },
          { lane: podLane, inFlight: { verdict: () => verdict }, links: { lookup: () => link } },
        );
        const fields: Record<string, string> = { ...attempt.fields };
        if (attempt.baggage !== undefined) fields.baggage = attempt.baggage;
        const head = request(authority, fields, path);
        const settings = { ...config.settings, explainHeader: true };
        for (const direction of DIRECTIONS) {
          const from = connection(direction, destination);
          const decision = DECIDE[direction](head, from, context);
          expectSettled(decision);
          requestEdits(decision, head, direction, settings);
          responseEdits(decision, head, settings);
          expectSettled(decideStream(from, context));
          const headers = Object.entries(fields);
          explain({ direction, method: 'GET', authority, path, headers, destination }, context);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function expectSettled(decision: Decision): void {
  const isAnswered = decision.refusal !== undefined || decision.edge?.answer !== undefined;
  expect(decision.target === undefined).toBe(isAnswered);
  expect(decision.generation).toBe('g1');
  expect(describeDecision(decision, 'outbound')).not.toBe('');
}
