import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCatalog } from '../catalog/create-catalog.ts';
import { NO_AUTHENTICATION } from '../publish/caller.ts';
import { assembleMesh, type MeshParts } from './assemble-mesh.ts';
import type { Look, Source, WantedKeys } from './source.ts';
import type { AwaitedSource } from './start-sources.ts';

class PlayedSource implements Source {
  readonly name: Source['name'];
  readonly #started = Promise.withResolvers<void>();
  readonly said: string[] = [];
  readonly found: string[] = [];
  isClosed = false;

  constructor(name: Source['name']) {
    this.name = name;
  }

  start(): Promise<void> {
    return this.#started.promise;
  }

  comesUp(): void {
    this.#started.resolve();
  }

  fails(error: Error): void {
    this.#started.reject(error);
  }

  problems(): readonly string[] {
    return this.said;
  }

  findings(): readonly string[] {
    return this.found;
  }

  close(): void {
    this.isClosed = true;
  }
}

function assemble(
  sources: readonly AwaitedSource[],
  more: Partial<MeshParts> = {},
): { readonly mesh: ReturnType<typeof assembleMesh>; readonly log: RecordingLog } {
  const log = createRecordingLog();
  const mesh = assembleMesh({
    ...{ sources, log, cluster: undefined, registries: [], authenticator: NO_AUTHENTICATION },
    catalog: createCatalog({ clusterDomain: 'cluster.local' }),
    times: { brieflyMs: 10_000, complainMs: 5_000 },
    ...more,
  });
  return { mesh, log };
}

/** Whether it has come to its end by now. */
function follow(promise: Promise<void>): { readonly isOver: () => boolean } {
  let isOver = false;
  promise.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  return { isOver: () => isOver };
}

describe('a mesh of several sources', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits for one that must be there however long it takes, and says for what and why', async () => {
    const nacos = new PlayedSource('nacos');
    const { mesh, log } = assemble([{ source: nacos, patience: 'always' }]);
    nacos.said.push('main: no server answers');
    const started = mesh.start();
    const { isOver } = follow(started);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(log.events).toEqual([
      { event: 'source_awaited', fields: { source: 'nacos', problems: ['main: no server answers'] } },
    ]);
    expect(isOver()).toBe(false);
    expect(mesh.awaited()).toEqual(['source nacos has not been read yet: main: no server answers']);
    nacos.said.length = 0;
    nacos.comesUp();
    await started;
    expect(mesh.awaited()).toEqual([]);
    expect(mesh.problems()).toEqual([]);
    mesh.close();
    expect(nacos.isClosed).toBe(true);
  });

  it('goes on without one that is waited for briefly, shows what it lacks, and has it later', async () => {
    const [cluster, nacos] = [new PlayedSource('kubernetes'), new PlayedSource('nacos')];
    const { mesh, log } = assemble([
      { source: cluster, patience: 'always' },
      { source: nacos, patience: 'briefly' },
    ]);
    const { catalog } = mesh;
    const started = mesh.start();
    const { isOver } = follow(started);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(isOver()).toBe(false);
    // The brief wait begins when the others are there.
    cluster.comesUp();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(isOver()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await started;
    expect(log.events.map(({ event }) => event)).toContain('source_not_awaited_any_longer');
    expect(mesh.problems()).toEqual([
      'source nacos has not been read yet; until then sidecars keep what they know of before, lanes and rules included',
    ]);
    expect(catalog.isWhole()).toBe(false);
    nacos.comesUp();
    await vi.advanceTimersByTimeAsync(0);
    expect(mesh.problems()).toEqual([]);
    expect(catalog.isWhole()).toBe(true);
    nacos.said.push('main: the connection is lost');
    expect(mesh.problems()).toEqual(['main: the connection is lost']);
    mesh.close();
  });

  it('does not start with a file that is wrong, whatever else is awaited', async () => {
    const [file, nacos] = [new PlayedSource('file'), new PlayedSource('nacos')];
    const { mesh } = assemble([
      { source: file, patience: 'always' },
      { source: nacos, patience: 'briefly' },
    ]);
    const started = mesh.start();
    file.fails(new Error('expected a mapping'));
    await expect(started).rejects.toThrow('expected a mapping');
    mesh.close();
  });

  it('does not start where a tokens file is wrong', async () => {
    const file = new PlayedSource('file');
    file.comesUp();
    const authenticator = { ...NO_AUTHENTICATION, start: () => Promise.reject(new Error('no tokens')) };
    const { mesh } = assemble([{ source: file, patience: 'always' }], { authenticator });
    await expect(mesh.start()).rejects.toThrow('no tokens');
    mesh.close();
  });

  it('shows the findings of every source, and the problems of its tokens', () => {
    const [file, nacos] = [new PlayedSource('file'), new PlayedSource('nacos')];
    file.found.push('lane gray: x');
    nacos.found.push('service b: y');
    const authenticator = { ...NO_AUTHENTICATION, problems: () => ['tokens.yaml: z'] };
    const { mesh } = assemble(
      [
        { source: file, patience: 'always' },
        { source: nacos, patience: 'briefly' },
      ],
      { authenticator },
    );
    expect(mesh.findings()).toEqual(['lane gray: x', 'service b: y']);
    expect(mesh.problems()).toContain('tokens.yaml: z');
    mesh.close();
  });

  it('tells those that want to know which keys are wanted; where none does, nobody is asked to count', () => {
    const file: Source = new PlayedSource('file');
    expect(assemble([{ source: file, patience: 'always' }]).mesh.want).toBeUndefined();
    const told: WantedKeys[] = [];
    const look: Look = { keys: new Set(['host:b.shop']), why: 'unknown', over: Promise.resolve(true) };
    const nacos: Source = Object.assign(new PlayedSource('nacos'), {
      want: (change: WantedKeys): readonly Look[] => {
        told.push(change);
        return [look];
      },
    });
    const { mesh } = assemble([
      { source: file, patience: 'always' },
      { source: nacos, patience: 'briefly' },
    ]);
    const change: WantedKeys = { added: ['host:b.shop'], removed: [], asked: ['host:b.shop'] };
    expect(mesh.want?.(change)).toEqual([look]);
    expect(told).toEqual([change]);
  });
});
