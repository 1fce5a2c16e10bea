import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ApiServer } from './testing/api-server.ts';
import { eventually } from './testing/eventually.ts';
import { podsOf, putPod, reflectPods, removePod } from './testing/reflect-pods.ts';
import type { Change } from './reflector.ts';

/** What happens to the server or on the way to it, one after the other. */
type Step =
  | { readonly kind: 'put'; readonly name: string; readonly value: string }
  | { readonly kind: 'remove'; readonly name: string }
  /** The watch does not bring it. */
  | { readonly kind: 'lost'; readonly name: string; readonly value: string }
  | { readonly kind: 'lost-remove'; readonly name: string }
  | { readonly kind: 'fail'; readonly status: number; readonly times: number }
  | {
      readonly kind:
        'breath' | 'cut' | 'reset' | 'end' | 'stall' | 'compact' | 'bookmark' | 'restart' | 'nonsense';
    };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.constantFrom('1', '2', '3');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), name, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lost' as const), name, value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost-remove' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      status: fc.constantFrom(410, 429, 500, 503),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'breath',
        'cut',
        'reset',
        'end',
        'stall',
        'compact',
        'bookmark',
        'restart',
        'nonsense',
      ),
    }),
  },
);

async function take(step: Step, server: ApiServer): Promise<void> {
  switch (step.kind) {
    case 'put':
      return putPod(server, step.name, step.value);
    case 'remove':
      return removeIfThere(server, step.name);
    case 'lost':
      return losing(server, () => putPod(server, step.name, step.value));
    case 'lost-remove':
      return losing(server, () => removeIfThere(server, step.name));
    case 'fail': {
      let left = step.times;
      server.fault = () => (left-- > 0 ? { kind: 'status', status: step.status } : undefined);
      return;
    }
    case 'breath':
      return eventually('it watches', () => server.watchers.length > 0);
    case 'compact':
      return server.objects.compact();
    case 'bookmark':
      return server.bookmark();
    case 'restart':
      await server.stop();
      return server.start();
    default:
      for (const watcher of server.watchers) {
        if (step.kind === 'cut') watcher.sendRaw('{"type":"MODIFIED","obj');
        if (step.kind === 'nonsense') watcher.sendRaw('{"type":\n');
        if (step.kind === 'reset') watcher.reset();
        if (step.kind === 'end' || step.kind === 'cut') watcher.end();
        if (step.kind === 'stall') watcher.stall();
      }
  }
}

function removeIfThere(server: ApiServer, podName: string): void {
  if (server.objects.get('/v1/pods', `shop/${podName}`) !== undefined) removePod(server, podName);
}

/** Neither the open watches nor those that come later are told of it. */
function losing(server: ApiServer, change: () => void): void {
  const before = server.objects.version;
  const lost = server.loses;
  server.loses = () => true;
  change();
  const after = server.objects.version;
  server.loses = (event) => lost(event) || (event.version > before && event.version <= after);
}

/** What a handler that believes every change has in the end; fails where a change contradicts those before it. */
function replay(changes: readonly Change<string>[]): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const change of changes) {
    const known = seen.get(change.key);
    expect(known).toBe(change.kind === 'added' ? undefined : change.old);
    if (change.kind === 'updated') expect(change.value).not.toBe(change.old);
    if (change.kind === 'deleted') seen.delete(change.key);
    else seen.set(change.key, change.value);
  }
  return seen;
}

it('ends with what the server has, and has told each difference once, whatever happens on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const server = new ApiServer();
      await server.start();
      const pods = reflectPods(server, { times: { silenceMs: 60, auditMs: 40, graceMs: 20 } });
      try {
        for (const each of steps) await take(each, server);
        const expected = podsOf(server);
        await eventually('the store is as the server', () => {
          const { store } = pods.reflector;
          return (
            pods.reflector.hasSynced() &&
            store.size === expected.size &&
            [...expected].every(([key, v]) => store.get(key) === v)
          );
        });
        expect(replay(pods.changes)).toEqual(expected);
      } finally {
        pods.close();
        await server.stop();
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 15_000 },
  );
});
