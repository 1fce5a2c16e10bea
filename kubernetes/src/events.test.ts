import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApiClient } from './api-client.ts';
import type { EventNote } from './event-note.ts';
import { createEventRecorder, type EventRecorder } from './events.ts';
import { NAMESPACES, PODS } from './resources.ts';
import { ApiServer } from './testing/api-server.ts';
import { eventually } from './testing/eventually.ts';
import { openClient } from './testing/open-client.ts';
import { createRecordingLog, type LogLine } from './testing/recording-log.ts';

let server: ApiServer;
let client: ApiClient;
let recorder: EventRecorder;
let lines: LogLine[];
let now: number;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  now = 0;
  const recording = createRecordingLog();
  lines = recording.lines;
  recorder = createEventRecorder({
    ...{ client, log: recording.log, now: () => now },
    controller: 'lanekeeper.io/injector',
    instance: 'lanekeeper-injector-0',
  });
});

afterEach(async () => {
  await recorder.close();
  client.close();
  await server.stop();
});

function note(name: string, text = 'no sidecar'): EventNote {
  const regarding = { resource: PODS, name, namespace: 'shop', uid: 'u1' };
  return { regarding, type: 'Warning', reason: 'NotInjected', action: 'Inject', note: text };
}

function written(): readonly Readonly<Record<string, unknown>>[] {
  return server.objects.list('events.k8s.io/v1/events');
}

it('writes what happened to which object, as the API wants it', async () => {
  recorder.record(note('b-1'));
  await eventually('it is written', () => written().length === 1);
  expect(written()[0]).toMatchObject({
    metadata: { namespace: 'shop' },
    reportingController: 'lanekeeper.io/injector',
    reportingInstance: 'lanekeeper-injector-0',
    type: 'Warning',
    reason: 'NotInjected',
    action: 'Inject',
    note: 'no sidecar',
    regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'b-1', uid: 'u1' },
  });
  expect(written()[0]?.['eventTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

it('writes about objects without a namespace into the default one', async () => {
  recorder.record({ ...note('shop'), regarding: { resource: NAMESPACES, name: 'shop' } });
  await eventually('it is written', () => written().length === 1);
  expect(written()[0]).toMatchObject({
    metadata: { namespace: 'default' },
    regarding: { kind: 'Namespace' },
  });
});

it('makes one event of a thousand equal notes, and says how many there were', async () => {
  for (let index = 0; index < 1_000; index++) recorder.record(note('b-1'));
  await eventually('it is written', () => written().length === 1);
  expect(server.requests.filter(({ method }) => method === 'PATCH').length).toBeLessThanOrEqual(1);
  now += 60_000;
  recorder.record(note('b-1'));
  await eventually('the series is told', () => written()[0]?.['series'] !== undefined);
  expect(written()[0]).toMatchObject({ series: { count: 1_001 } });
  recorder.record(note('b-1'));
  await recorder.close();
  expect(written()[0]).toMatchObject({ series: { count: 1_002 } });
  expect(written()).toHaveLength(1);
});

it('thins a storm of different notes and counts what it leaves out', async () => {
  for (let index = 0; index < 10_000; index++) recorder.record(note(`p${index}`));
  await eventually('the burst is written', () => written().length === 50);
  expect(recorder.dropped()).toBe(9_950);
  now += 10_000;
  for (let index = 0; index < 100; index++) recorder.record(note(`q${index}`));
  await eventually('some more are written', () => written().length === 55);
  expect(recorder.dropped()).toBe(10_045);
});

it('begins a new event after a long silence, and when the old one has expired', async () => {
  recorder.record(note('b-1'));
  await eventually('it is written', () => written().length === 1);
  now += 600_000;
  recorder.record(note('b-1'));
  await eventually('there is another', () => written().length === 2);
  for (const event of server.objects.list('events.k8s.io/v1/events')) {
    server.objects.remove('events.k8s.io/v1/events', `shop/${event.metadata.name}`);
  }
  now += 60_000;
  recorder.record(note('b-1'));
  await eventually('there is one again', () => written().length === 1);
});

it('cuts a note at the limit of the API, between characters', async () => {
  recorder.record(note('b-1', 'ü'.repeat(2_000)));
  await eventually('it is written', () => written().length === 1);
  const text = String(written()[0]?.['note']);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
  expect(text).toMatch(/^ü+…$/);
});

it('goes on when the server refuses, and does not wait for one that hangs', async () => {
  server.fault = () => ({ kind: 'status', status: 403, reason: 'Forbidden' });
  recorder.record(note('b-1'));
  await eventually('it was refused', () => lines.some(({ event }) => event === 'event_not_written'));
  server.fault = () => ({ kind: 'stall' });
  recorder.record(note('b-2'));
  await recorder.close(50);
  server.fault = () => undefined;
  recorder.record(note('b-3'));
  expect(written()).toEqual([]);
});
