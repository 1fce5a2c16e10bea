import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiServer } from './testing/api-server.ts';
import { eventually } from './testing/eventually.ts';
import { podsOf, putPod, reflectPods, removePod, type ReflectedPods } from './testing/reflect-pods.ts';

const RESTARTS = 'lanekeeper_kubernetes_watch_restarts_total';
const LISTS = 'lanekeeper_kubernetes_lists_total';
const EVENTS = 'lanekeeper_kubernetes_watch_events_total';
const MISSED = 'lanekeeper_kubernetes_watch_missed_total';

let server: ApiServer;
let pods: ReflectedPods;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
});

afterEach(async () => {
  pods.close();
  await server.stop();
});

async function isWatching(): Promise<void> {
  await eventually('the watch is open', () => server.watchers.length === 1);
}

async function converges(): Promise<void> {
  await eventually('the store is as the server', () => {
    const [found, expected] = [pods.reflector.store, podsOf(server)];
    return found.size === expected.size && [...expected].every(([key, value]) => found.get(key) === value);
  });
}

/** Requests of watches, in order. */
function watches(): readonly URLSearchParams[] {
  return server.requests.map(({ query }) => query).filter((query) => query.get('watch') === 'true');
}

it('keeps what the transform makes of each object, from the list and from the watch', async () => {
  putPod(server, 'a', '1');
  putPod(server, 'not-kept');
  pods = reflectPods(server);
  await pods.reflector.synced();
  expect([...pods.reflector.store]).toEqual([['shop/a', '1']]);
  await isWatching();
  putPod(server, 'b', '1');
  putPod(server, 'b', '2');
  removePod(server, 'a');
  await converges();
  expect(pods.changes).toEqual([
    { kind: 'added', key: 'shop/a', value: '1' },
    { kind: 'added', key: 'shop/b', value: '1' },
    { kind: 'updated', key: 'shop/b', value: '2', old: '1' },
    { kind: 'deleted', key: 'shop/a', old: '1' },
  ]);
});

it('takes an object away that the transform keeps no more', async () => {
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await isWatching();
  putPod(server, 'a');
  await converges();
  expect(pods.changes.at(-1)).toEqual({ kind: 'deleted', key: 'shop/a', old: '1' });
});

it('is silent about changes of what it does not keep', async () => {
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await isWatching();
  for (let index = 0; index < 10; index++) putPod(server, 'a', '1');
  putPod(server, 'b', '1');
  await converges();
  expect(pods.changes.map(({ key }) => key)).toEqual(['shop/a', 'shop/b']);
});

it('reads a large collection page by page', async () => {
  for (let index = 0; index < 1_203; index++) putPod(server, `p${index}`, '1');
  pods = reflectPods(server);
  await pods.reflector.synced();
  expect(pods.reflector.store.size).toBe(1_203);
  expect(server.requests.filter(({ query }) => query.get('limit') === '250')).toHaveLength(5);
});

it('starts the list again when its pages expire half-way', async () => {
  for (let index = 0; index < 300; index++) putPod(server, `p${index}`, '1');
  server.fault = ({ query }) => {
    if (query.get('continue') !== null) {
      putPod(server, 'late', '1');
      server.objects.compact();
    }
    return undefined;
  };
  pods = reflectPods(server);
  await pods.reflector.synced();
  await converges();
  expect(pods.reflector.store.size).toBe(301);
});

it('asks for bookmarks and for an end of its own, not the same one each time', async () => {
  pods = reflectPods(server);
  await isWatching();
  server.watchers[0]?.reset();
  await eventually('there is a second watch', () => watches().length === 2);
  const [first, second] = watches();
  expect(first?.get('allowWatchBookmarks')).toBe('true');
  const seconds = [first, second].map((query) => Number(query?.get('timeoutSeconds')));
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(300);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(600);
});

it('passes selectors on to list and watch', async () => {
  pods = reflectPods(server, { labelSelector: 'a=b', fieldSelector: 'spec.nodeName=n' });
  await isWatching();
  expect(server.requests.map(({ query }) => query.get('labelSelector'))).toEqual(['a=b', 'a=b']);
  expect(server.requests.map(({ query }) => query.get('fieldSelector'))).toEqual([
    'spec.nodeName=n',
    'spec.nodeName=n',
  ]);
});

it('goes on from the last bookmark without another list', async () => {
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await isWatching();
  server.objects.jumpTo(500);
  server.bookmark();
  server.watchers[0]?.end();
  await eventually('it watches from the bookmark', () => watches().at(-1)?.get('resourceVersion') === '500');
  expect(pods.count(LISTS)).toBe(1);
});

it('goes on after a line that was cut, and hears its event whole', async () => {
  pods = reflectPods(server);
  await isWatching();
  const [watcher] = server.watchers;
  watcher?.sendRaw('{"type":"ADDED","object":{"metadata":{"na');
  watcher?.end();
  await eventually('it has watched again', () => pods.count(RESTARTS, 'reason="cut"') === 1);
  putPod(server, 'a', '1');
  await converges();
  expect(pods.count(LISTS)).toBe(1);
});

it.each(['status', 'event'] as const)('lists anew when its version has expired (as %s)', async (goneAs) => {
  server.goneAs = goneAs;
  putPod(server, 'gone', '1');
  putPod(server, 'stays', '1');
  pods = reflectPods(server);
  await isWatching();
  server.loses = () => true;
  removePod(server, 'gone');
  putPod(server, 'new', '1');
  server.loses = () => false;
  server.objects.compact();
  server.watchers[0]?.end();
  await converges();
  expect(pods.count(RESTARTS, 'reason="gone"')).toBe(1);
  expect(pods.changes.slice(2)).toEqual([
    { kind: 'deleted', key: 'shop/gone', old: '1' },
    { kind: 'added', key: 'shop/new', value: '1' },
  ]);
});

describe('when the history of the server has gone back', () => {
  /** As after the restore of a backup: the counter is low again, the objects are others. */
  async function goBack(options: Parameters<typeof reflectPods>[1] = {}): Promise<void> {
    putPod(server, 'a', '1');
    putPod(server, 'b', '1');
    pods = reflectPods(server, options);
    await isWatching();
    server.objects.jumpTo(500);
    server.bookmark();
    await eventually('the bookmark was heard', () => pods.count(EVENTS, 'type="bookmark"') === 1);
    server.objects.jumpTo(105);
  }

  async function goesOn(): Promise<void> {
    await converges();
    await isWatching();
    putPod(server, 'b', '2');
    await converges();
  }

  it('lists anew where the server says so', async () => {
    await goBack();
    server.watchers[0]?.end();
    putPod(server, 'a', '2');
    await goesOn();
  });

  it('lists anew where the server is silent about it', async () => {
    server.tooNewAs = 'silence';
    await goBack({ times: { silenceMs: 100 } });
    server.watchers[0]?.end();
    putPod(server, 'a', '2');
    await goesOn();
  });

  it('lists anew where only a bookmark shows it', async () => {
    server.tooNewAs = 'silence';
    await goBack();
    server.watchers[0]?.end();
    putPod(server, 'a', '2');
    await eventually('it watches again', () => pods.count('lanekeeper_kubernetes_watches_total') === 2);
    server.bookmark();
    await goesOn();
  });

  it('lists anew where only an audit shows it', async () => {
    server.tooNewAs = 'silence';
    await goBack({ times: { auditMs: 100 } });
    server.watchers[0]?.end();
    putPod(server, 'a', '2');
    await goesOn();
    expect(pods.count(MISSED)).toBe(0);
  });
});

it('waits as long as the server asks', async () => {
  let isFirst = true;
  server.fault = ({ query }) => {
    if (query.get('watch') !== 'true' || !isFirst) return undefined;
    isFirst = false;
    return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
  };
  pods = reflectPods(server);
  await isWatching();
  expect(pods.count(RESTARTS, 'reason="throttled"')).toBe(1);
  const broke = pods.lines.find(({ event }) => event === 'kubernetes_watch_broke');
  expect(broke?.fields['pauseMs']).toBe(1_000);
});

it('outlives errors of the server, of the network and of its own rights', async () => {
  const faults = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 403, reason: 'Forbidden' },
    { kind: 'reset' },
    { kind: 'raw', body: 'no list' },
  ] as const;
  const left = [...faults, ...faults];
  server.fault = () => left.shift();
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await converges();
  await isWatching();
  expect(left).toEqual([]);
  expect(pods.lines.some(({ level }) => level === 'warn')).toBe(true);
});

it('survives the restart of the API server and hears what happened meanwhile', async () => {
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await isWatching();
  await server.stop();
  putPod(server, 'b', '1');
  removePod(server, 'a');
  await eventually('the loss was noticed', () => pods.count(RESTARTS) > 0);
  await server.start();
  await converges();
  expect(pods.count(LISTS)).toBe(1);
});

it('leaves a connection that is open and dead', async () => {
  pods = reflectPods(server, { times: { silenceMs: 100 } });
  await isWatching();
  const [dead] = server.watchers;
  dead?.stall();
  putPod(server, 'a', '1');
  await converges();
  expect(pods.count(RESTARTS, 'reason="silent"')).toBeGreaterThan(0);
  await eventually(
    'the dead connection is closed',
    () => !server.watchers.some((watcher) => watcher === dead),
  );
});

it('finds, counts and mends what the watch has not brought', async () => {
  for (const name of ['changed', 'gone', 'stays']) putPod(server, name, '1');
  pods = reflectPods(server, { times: { auditMs: 50 } });
  await isWatching();
  expect(pods.count(MISSED)).toBe(0);
  server.loses = () => true;
  putPod(server, 'changed', '2');
  putPod(server, 'new', '1');
  removePod(server, 'gone');
  server.loses = () => false;
  await converges();
  expect(pods.count(MISSED)).toBe(3);
  expect(
    pods.changes
      .slice(3)
      .map(({ kind, key }) => `${kind} ${key}`)
      .sort(),
  ).toEqual(['added shop/new', 'deleted shop/gone', 'updated shop/changed']);
  await eventually('it does not trust that watch', () => pods.count(RESTARTS, 'reason="missed"') === 1);
});

it('calls nothing missed that was only under way', async () => {
  pods = reflectPods(server, { times: { auditMs: 20, graceMs: 60_000 } });
  await isWatching();
  let round = 0;
  await eventually('ten audits were made while pods changed', () => {
    round += 1;
    putPod(server, `p${round % 7}`, String(round));
    if (round % 5 === 0) removePod(server, `p${round % 7}`);
    return pods.count(LISTS, 'why="audit"') >= 10;
  });
  await converges();
  expect(pods.count(MISSED)).toBe(0);
});

it('keeps what it knew of an object that it cannot read any more', async () => {
  putPod(server, 'a', '1');
  pods = reflectPods(server);
  await isWatching();
  putPod(server, 'a', 'malformed');
  putPod(server, 'b', '1');
  await eventually('it has heard of the next one', () => pods.reflector.store.has('shop/b'));
  expect(pods.reflector.store.get('shop/a')).toBe('1');
  server.objects.compact();
  server.watchers[0]?.end();
  await eventually('a list has said so too', () => pods.count(LISTS) === 1 && pods.count(RESTARTS) === 1);
  expect(pods.reflector.store.get('shop/a')).toBe('1');
  expect(pods.count('lanekeeper_kubernetes_malformed_objects_total')).toBeGreaterThan(0);
});

it('lists anew when what stands at its version breaks each watch', async () => {
  pods = reflectPods(server);
  await isWatching();
  putPod(server, 'a', '1');
  await converges();
  server.fault = ({ query }) =>
    query.get('watch') === 'true' && pods.count(LISTS) === 1
      ? { kind: 'raw', body: 'nonsense\n' }
      : undefined;
  server.watchers[0]?.end();
  await eventually('it has listed', () => pods.count(LISTS, 'why="stuck"') === 1);
  putPod(server, 'b', '1');
  await converges();
});

it('is not stopped by a handler that throws', async () => {
  pods = reflectPods(server, {
    onChange: () => {
      throw new Error('of the handler');
    },
  });
  await isWatching();
  putPod(server, 'a', '1');
  await converges();
  expect(pods.lines.map(({ event }) => event)).toContain('kubernetes_handler_failed');
  expect(pods.count(RESTARTS)).toBe(0);
});

it('takes objects of some megabytes', async () => {
  pods = reflectPods(server);
  await isWatching();
  putPod(server, 'big', 'x'.repeat(3_000_000));
  await converges();
});

it('ends its connections and says so to who waits when it is stopped', async () => {
  server.fault = () => ({ kind: 'stall' });
  pods = reflectPods(server);
  const waiting = pods.reflector.synced();
  pods.reflector.stop();
  await expect(waiting).rejects.toThrow('stopped before its first list');
  pods.close();
  server.fault = () => undefined;
  pods = reflectPods(server);
  await isWatching();
  pods.reflector.stop();
  await eventually('the watch is closed', () => server.watchers.length === 0);
});

it('knows how long the server has been silent', async () => {
  let now = 1_000;
  pods = reflectPods(server, { now: () => now });
  expect(pods.reflector.silenceMs()).toBe(Number.POSITIVE_INFINITY);
  await isWatching();
  now += 70_000;
  expect(pods.count('lanekeeper_kubernetes_watch_silence_seconds')).toBe(70);
  server.bookmark();
  await eventually('the bookmark was heard', () => pods.reflector.silenceMs() === 0);
});
