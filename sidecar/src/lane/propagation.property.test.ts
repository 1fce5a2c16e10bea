import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Evidence,
  type EvidenceContext,
  readInboundEvidence,
  readOutboundEvidence,
} from './evidence.ts';
import { type Fields, applyEdits, headOf, headersOf } from './head.fixture.ts';
import { InFlightLanes } from './in-flight.ts';
import { SeenIds } from './seen-ids.ts';
import { stampEdits } from './stamp.ts';
import { readTraceIds } from './trace-ids.ts';
import { NO_RULES } from './rule-set.ts';

const EVIDENCE = { trace: true, inFlight: true, bridge: ['x-mse-tag'] };
const CARRIERS = { baggageKey: 'lane', bridge: EVIDENCE.bridge };

/** What an application that knows nothing of lanes forwards of the request that it serves. */
const HABITS = {
  everything: ['baggage', 'traceparent', 'x-request-id', 'x-mse-tag'],
  baggage: ['baggage'],
  foreignTag: ['x-mse-tag'],
  requestId: ['x-request-id'],
  trace: ['traceparent'],
  nothing: [],
} as const;

interface Served {
  readonly lane: string;
  readonly fields: Fields;
}

/** A baseline pod and its sidecar: what comes in is counted and remembered, what goes out climbs the ladder. */
class Pod {
  readonly #inFlight = new InFlightLanes();
  readonly #links = new SeenIds({ now: () => 0 });
  readonly #context: EvidenceContext = {
    settings: {
      ...{
        baggageKey: 'lane',
        explainHeader: false,
        traceHeaders: [],
        regionHeader: 'x-region',
        mode: 'permissive',
        evidence: EVIDENCE,
      },
      balancing: { policy: 'least-request', zoneAware: false },
    },
    policy: { evidence: EVIDENCE },
    workload: { app: 'a', namespace: 'ns', lane: 'base', pod: 'a-0', zone: undefined },
    rules: NO_RULES,
    origin: { clientAddress: '' },
    links: this.#links,
    inFlight: this.#inFlight,
  };

  begin(fields: Fields): Served {
    const { lane } = known(readInboundEvidence(headOf(fields), this.#context, 'correct'));
    this.#inFlight.enter(lane);
    this.#links.record(readTraceIds(headersOf(fields), []), lane);
    return { lane, fields };
  }

  call({ fields }: Served, habit: keyof typeof HABITS): Evidence {
    const forwarded = Object.fromEntries(HABITS[habit].map((name) => [name, fields[name]]));
    return known(readOutboundEvidence(headOf(forwarded), this.#context));
  }

  end({ lane }: Served): void {
    this.#inFlight.leave(lane);
  }
}

function known(evidence: ReturnType<typeof readInboundEvidence>): Evidence {
  if ('conflict' in evidence) throw new Error(evidence.conflict);
  return evidence;
}

/** A request as the caller's sidecar sends it: stamped with its lane, with its own request id and the trace of its page. */
function stamped(lane: string, number: number, page: number): Fields {
  const traceparent = `00-${String(page).padStart(32, 'a')}-00f067aa0ba902b7-01`;
  const fields = { traceparent, 'x-request-id': `r${number}`, baggage: 'user=7' };
  return applyEdits(fields, stampEdits(headersOf(fields), lane, CARRIERS));
}

const step = fc.record({
  action: fc.constantFrom('begin', 'begin', 'call', 'call', 'call', 'end'),
  lane: fc.constantFrom('gray', 'blue', 'base'),
  habit: fc.constantFrom('everything', 'baggage', 'foreignTag', 'requestId', 'trace', 'nothing'),
  page: fc.nat({ max: 4 }),
  which: fc.nat(),
});

it('takes no call for another lane than that of the request it is made for, in any interleaving', () => {
  const answers = { right: 0, ambiguous: 0 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const pod = new Pod();
      const serving: Served[] = [];
      for (const [number, { action, lane, habit, page, which }] of steps.entries()) {
        const served = serving[which % Math.max(1, serving.length)];
        if (action === 'begin') {
          serving.push(pod.begin(stamped(lane, number, page)));
          expect(serving.at(-1)?.lane).toBe(lane);
        } else if (served !== undefined && action === 'end') {
          pod.end(served);
          serving.splice(serving.indexOf(served), 1);
        } else if (served !== undefined) {
          const evidence = pod.call(served, habit);
          expect(evidence.lane).toBe(evidence.ambiguous ? 'base' : served.lane);
          answers[evidence.ambiguous ? 'ambiguous' : 'right'] += 1;
          const isTraceShared = habit === 'trace' || habit === 'nothing';
          const isTagLost = served.lane === 'base' && (habit === 'baggage' || habit === 'foreignTag');
          if (!isTraceShared && !isTagLost) expect(evidence.ambiguous).toBe(false);
        }
      }
    }),
    { numRuns: 5_000 },
  );
  expect(answers.right).toBeGreaterThan(1_000);
  expect(answers.ambiguous).toBeGreaterThan(1_000);
});
