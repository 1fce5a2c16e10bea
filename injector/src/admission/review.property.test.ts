import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../pod/json.ts';
import { contextOf, podOf, requestOf } from '../testing/admission.ts';
import { applied } from '../testing/apply-patch.ts';
import { toReview, type Answer } from './respond.ts';
import { review } from './review.ts';

const TEXT = fc.string({ maxLength: 12 });
const LABELS = fc.option(
  fc.dictionary(
    fc.oneof(TEXT, fc.constantFrom('app', 'lanekeeper.io/lane', 'alicloud.service.tag')),
    fc.constantFrom('a', 'gray'),
  ),
);
const PROBE = fc.record(
  {
    httpGet: fc.record({ port: fc.oneof(fc.integer(), TEXT) }),
    tcpSocket: fc.record({ port: fc.integer() }),
    x: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const CONTAINER = fc.record(
  {
    name: TEXT,
    image: TEXT,
    env: fc.option(fc.array(fc.record({ name: TEXT, value: TEXT }))),
    ports: fc.option(fc.array(fc.record({ containerPort: fc.integer() }))),
    livenessProbe: PROBE,
    readinessProbe: PROBE,
    securityContext: fc.option(fc.dictionary(TEXT, fc.jsonValue({ maxDepth: 1 }))),
    future: fc.jsonValue(),
  },
  { requiredKeys: ['name'] },
);
const POD = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata: fc.record({ labels: LABELS, annotations: LABELS, future: fc.jsonValue() }, { requiredKeys: [] }),
  spec: fc.record(
    {
      containers: fc.array(CONTAINER, { minLength: 1, maxLength: 4 }),
      initContainers: fc.option(fc.array(CONTAINER, { maxLength: 2 })),
      volumes: fc.option(fc.array(fc.record({ name: TEXT }))),
      future: fc.jsonValue(),
    },
    { requiredKeys: ['containers'] },
  ),
});
const CLUSTER = fc.record({
  nativeSidecars: fc.boolean(),
  probes: fc.constantFrom('keep' as const, 'rewrite' as const),
  capture: fc.constantFrom('none', 'redirect'),
});

function contextFor({
  capture,
  ...rest
}: {
  capture: string;
  nativeSidecars: boolean;
  probes: 'keep' | 'rewrite';
}) {
  const annotations = { 'lanekeeper.io/capture': capture };
  return contextOf({ ...rest, namespace: { labels: { 'lanekeeper.io/injection': 'enabled' }, annotations } });
}

/** Everything of `before` is in `after`, lists in their order; `except` names what may be replaced. */
function expectKept(before: unknown, after: unknown, except: ReadonlySet<string>): void {
  if (Array.isArray(before)) {
    if (before.length === 0) return;
    const list = Array.isArray(after) ? (after as unknown[]) : [];
    const offset = list.length - before.length;
    const at = list.findIndex((item) => JSON.stringify(namesOf(item)) === JSON.stringify(namesOf(before[0])));
    const start = at >= 0 && at <= offset ? at : offset;
    before.forEach((item, index) => expectKept(item, list[start + index], except));
  } else if (isObject(before)) {
    for (const [key, value] of Object.entries(before)) {
      if (except.has(key) || value === null) continue;
      expect(isObject(after) && Object.hasOwn(after, key)).toBe(true);
      expectKept(value, isObject(after) ? after[key] : undefined, except);
    }
  } else {
    expect(after).toEqual(before);
  }
}

function namesOf(item: unknown): unknown {
  return isObject(item) ? [item['name'], item['image'], item['future']] : item;
}

async function admit(
  object: JsonObject,
  context: ReturnType<typeof contextOf>,
): Promise<[Answer, JsonObject]> {
  const answer = await review(requestOf(object), context);
  return [answer, applied(object, answer.operations) as JsonObject];
}

describe('a random pod', () => {
  it('is injected by a patch that applies, keeps what it does not know, and is empty the second time', async () => {
    let injected = 0;
    await fc.assert(
      fc.asyncProperty(POD, CLUSTER, async (generated, cluster) => {
        const object = JSON.parse(JSON.stringify(generated)) as JsonObject;
        const context = contextFor(cluster);
        const [answer, once] = await admit(object, context);
        if (answer.result === 'injected') injected++;
        expectKept(object, once, new Set(['httpGet', 'tcpSocket', 'lanekeeper.io/lane']));
        const [again, twice] = await admit(once, context);
        expect(twice).toEqual(once);
        if (answer.result === 'injected') expect(again.reason).toBe('already-injected');
      }),
      { numRuns: 300 },
    );
    expect(injected).toBeGreaterThan(100);
  });

  it('whatever it is made of, gets an answer and never an internal error', async () => {
    const ANYTHING = fc.record(
      {
        metadata: fc.jsonValue(),
        spec: fc.oneof(
          fc.jsonValue(),
          fc.record({
            containers: fc.jsonValue(),
            securityContext: fc.jsonValue(),
            os: fc.jsonValue(),
            volumes: fc.jsonValue(),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    const kinds = fc.constantFrom('Pod', 'Deployment', 'DaemonSet', 'Job');
    await fc.assert(
      fc.asyncProperty(ANYTHING, kinds, async (generated, kind) => {
        const object = JSON.parse(JSON.stringify(generated)) as JsonObject;
        const answer = await review(
          requestOf(object, { kind, group: kind === 'Pod' ? '' : 'apps' }),
          contextOf(),
        );
        expect(answer.reason).not.toBe('internal-error');
        expect(toReview('u', answer)).toMatchObject({
          response: { uid: 'u', allowed: answer.result !== 'refused' },
        });
        applied(object, answer.operations);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a hostile pod', () => {
  it('with more containers than any node starts is admitted as it is', async () => {
    const containers = Array.from({ length: 1_000 }, (_, index) => ({ name: `c${index}` }));
    const answer = await review(requestOf(podOf({ spec: { containers } })), contextOf());
    expect(answer).toMatchObject({ result: 'failed', reason: 'malformed-object', operations: [] });
    expect(toReview('u', answer)).toMatchObject({ response: { allowed: true } });
  });

  it('of 100,000 variables and a deep tree gets a patch as small as any other', async () => {
    const env = Array.from({ length: 100_000 }, (_, index) => ({ name: `V${index}`, value: 'x' }));
    const deep: unknown = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000));
    const [small, large] = await Promise.all(
      [podOf(), podOf({ container: { env }, spec: { deep } })].map((pod) =>
        review(requestOf(pod), contextOf()),
      ),
    );
    expect(large?.result).toBe('injected');
    expect(large?.operations).toEqual(small?.operations);
  });

  it('with names of JavaScript’s own is nothing special', async () => {
    const object = JSON.parse(
      '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}},"spec":{"containers":[{"name":"app"}]}}',
    ) as JsonObject;
    expect(await review(requestOf(object), contextOf())).toMatchObject({ result: 'injected' });
    expect({}).not.toHaveProperty('lanekeeper.io/status');
  });
});
