import type { Log } from '@lanekeeper/runtime/log';
import type { Source } from './source.ts';

/** A source, and whether sidecars are told nothing before all of it is known. */
export interface AwaitedSource {
  readonly source: Source;
  /** `briefly`: what the others know is better than nothing, so this one may come later. */
  readonly patience: 'always' | 'briefly';
}

export interface StartOptions {
  readonly sources: readonly AwaitedSource[];
  readonly log: Log;
  /** Told of each source that has been read. */
  readonly onRead?: (source: Source) => void;
  /** How long those are waited for that are waited for briefly, once the others are there; default {@link BRIEFLY_MS}. */
  readonly brieflyMs?: number;
  /** A source that takes longer is complained of; default {@link COMPLAIN_MS}. */
  readonly complainMs?: number;
}

/** The start of several sources: who is awaited, and what becomes of those that do not come. */
export interface SourceStart {
  /** Resolves when nothing is waited for any more; rejects with what a source rejects with. */
  run(): Promise<void>;
  /** The sources that have not been read yet. */
  pending(): readonly Source[];
  /** What they say is of no interest any more. */
  cancel(): void;
}

/** A server that is there has been read by then, whatever its size. */
const BRIEFLY_MS = 10_000;
const COMPLAIN_MS = 5_000;

export function startSources(options: StartOptions): SourceStart {
  const { sources, log, brieflyMs = BRIEFLY_MS, complainMs = COMPLAIN_MS } = options;
  const pending = new Set(sources.map(({ source }) => source));
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, action: () => void): void => void timers.add(setTimeout(action, ms));
  const startOne = async (source: Source): Promise<void> => {
    after(complainMs, () => {
      if (pending.has(source)) log.warn(describe(source), 'source_awaited');
    });
    await source.start();
    pending.delete(source);
    options.onRead?.(source);
    log.info({ source: source.name }, 'source_read');
  };
  const startOf = (patience: AwaitedSource['patience']): readonly Promise<void>[] =>
    sources.filter((each) => each.patience === patience).map(({ source }) => startOne(source));
  return {
    async run() {
      const optional = Promise.all(startOf('briefly'));
      // It may fail before anybody waits for it, or after everybody has ceased to.
      optional.catch((err: unknown) => log.error({ err }, 'source_failed'));
      await Promise.all(startOf('always'));
      const patience = new Promise<void>((resolve) => after(brieflyMs, resolve));
      await Promise.race([optional, patience]);
      for (const source of pending) log.warn(describe(source), 'source_not_awaited_any_longer');
    },
    pending: () => [...pending],
    cancel() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function describe(source: Source): Readonly<Record<string, unknown>> {
  return { source: source.name, problems: source.problems() };
}

/** Why a source has not been read yet, as a sentence. */
export function notRead(source: Source): string {
  const problems = source.problems();
  const why = problems.length === 0 ? '' : `: ${problems.join('; ')}`;
  return `source ${source.name} has not been read yet${why}`;
}
