import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type ConfigProblem } from '@lanekeeper/runtime/env';
import type { Log } from '@lanekeeper/runtime/log';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { decodeConfig } from './decode-config.ts';
import type { Decoded } from './decode-document.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { fingerprintOf, readConfigFile, type FileContent } from './read-config-file.ts';
import type { DocumentSink, MeshSink } from './mesh-sink.ts';

export interface FileSourceOptions extends FollowTimes {
  readonly path: string;
  readonly sink: MeshSink;
  readonly log: Log;
}

export interface FollowOptions<T> extends FollowTimes {
  readonly path: string;
  readonly decode: (text: string) => Decoded<T>;
  readonly sink: DocumentSink<T>;
  readonly log: Log;
}

export interface FollowTimes {
  /** How long the file must be left alone before it is read; default {@link QUIET_MS}. */
  readonly quietMs?: number;
  /** How often it is looked at without being told to; default {@link POLL_MS}. */
  readonly pollMs?: number;
}

export interface FileSource {
  /** Ends the watch; nothing is given to the sink afterwards. */
  close(): void;
}

/** Longer than the gaps between the writes of one save, shorter than a person notices. */
const QUIET_MS = 100;
/** inotify does not see network file systems and some bind mounts, and its queue can overflow. */
const POLL_MS = 2_000;
/** Under steady noise in its directory the file is read all the same, after so many quiet times. */
const MAX_QUIET_PERIODS = 10;

/** Follows a file that has a whole mesh. */
export function startFileSource(options: FileSourceOptions): Promise<FileSource> {
  return followFile<MeshConfig>({ ...options, decode: decodeWholeMesh });
}

/** A problem that a sink of the file at `path` was told, as a sentence. */
export function describeFileProblem(path: string, problem: ConfigProblem): string {
  const place = problem.path === path ? path : `${path}: ${problem.path}`;
  return `${place}: ${problem.message}`;
}

function decodeWholeMesh(text: string): Decoded<MeshConfig> {
  const decoded = decodeConfig(text);
  return 'problems' in decoded ? decoded : { value: decoded.config };
}

/**
 * Reads the file, puts it in force and follows it. Throws a ConfigError when it is missing or wrong at start; later, what is in
 * force stays and the sink learns the problems.
 */
export async function followFile<T>(options: FollowOptions<T>): Promise<FileSource> {
  const follower = new FileFollower(options);
  try {
    await follower.start();
    return follower;
  } catch (error) {
    follower.close();
    throw error;
  }
}

class FileFollower<T> implements FileSource {
  readonly #options: FollowOptions<T>;
  readonly #watch: DirectoryWatch;
  readonly #quietMs: number;
  #quietTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  /** When the oldest change that was not looked at yet was noticed. */
  #changedAt: number | undefined;
  #isLooking = false;
  #isClosed = false;
  /** What was looked at last. */
  #seen = { fingerprint: '', content: '' };

  constructor(options: FollowOptions<T>) {
    this.#options = options;
    this.#quietMs = options.quietMs ?? QUIET_MS;
    this.#watch = new DirectoryWatch(options.path, () => this.#noticeChange());
  }

  async start(): Promise<void> {
    await this.#watch.refresh();
    const content = await this.#readWhenQuiet();
    if ('problem' in content) throw this.#error(content.problem);
    this.#remember(content);
    this.#putInForceAtStart(content.text);
    const poll = (): void => void this.#look({ isForced: false });
    this.#pollTimer = setInterval(poll, this.#options.pollMs ?? POLL_MS).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#quietTimer);
    clearInterval(this.#pollTimer);
    this.#watch.close();
  }

  /** A generator may still be writing when the sidecar starts. */
  async #readWhenQuiet(): Promise<FileContent> {
    for (let period = 0; period < MAX_QUIET_PERIODS; period++) {
      const content = await readConfigFile(this.#options.path);
      if (content !== undefined) return content;
      await sleep(this.#quietMs);
    }
    throw this.#error('is written to all the time; rename finished files over it instead');
  }

  #noticeChange(): void {
    if (this.#isClosed) return;
    const now = performance.now();
    this.#changedAt ??= now;
    const patience = this.#changedAt + this.#quietMs * MAX_QUIET_PERIODS - now;
    clearTimeout(this.#quietTimer);
    const look = (): void => void this.#look({ isForced: true });
    this.#quietTimer = setTimeout(look, Math.max(0, Math.min(this.#quietMs, patience))).unref();
  }

  /** A change that was noticed is read even where the fingerprint is the same: two writes may fall in one tick. */
  async #look({ isForced }: { readonly isForced: boolean }): Promise<void> {
    if (this.#isLooking) {
      if (isForced) this.#noticeChange();
      return;
    }
    this.#isLooking = true;
    if (isForced) this.#changedAt = undefined;
    try {
      await this.#watch.refresh();
      const { path } = this.#options;
      if (!isForced && (await fingerprintOf(path)) === this.#seen.fingerprint) return;
      const content = await readConfigFile(path);
      if (this.#isClosed) return;
      if (content === undefined) this.#noticeChange();
      else if (this.#remember(content)) this.#apply(content);
    } catch (err) {
      // Whatever a subscriber or the file system did: the mesh in force stays, and the next change is looked at.
      this.#options.log.error({ path: this.#options.path, err }, 'config_watch_failed');
    } finally {
      this.#isLooking = false;
    }
  }

  /** Whether it says something else than before. */
  #remember(content: FileContent): boolean {
    const said = 'text' in content ? content.text : `problem ${content.problem}`;
    const digest = createHash('sha256').update(said).digest('hex');
    const isNew = digest !== this.#seen.content;
    this.#seen = { fingerprint: content.fingerprint, content: digest };
    return isNew;
  }

  #apply(content: FileContent): void {
    try {
      if ('problem' in content) throw this.#error(content.problem);
      this.#putInForce(content.text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#reject(error.problems);
    }
  }

  #putInForce(text: string): void {
    const decoded = this.#options.decode(text);
    if ('problems' in decoded) throw new ConfigError(decoded.problems);
    const isNew = this.#options.sink.accept(decoded.value);
    const { generation } = this.#options.sink.status();
    this.#options.log.info({ path: this.#options.path, generation, isNew }, 'config_accepted');
  }

  /** Beside the problems of other settings, those of the file need its name. */
  #putInForceAtStart(text: string): void {
    try {
      this.#putInForce(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const file = this.#options.path;
      throw new ConfigError(
        error.problems.map(({ path, message }) => ({ path: `${file}: ${path}`, message })),
      );
    }
  }

  #reject(problems: readonly ConfigProblem[]): void {
    const { sink, log, path } = this.#options;
    sink.reject(problems);
    log.warn({ path, generation: sink.status().generation, problems }, 'config_rejected');
  }

  #error(message: string): ConfigError {
    return new ConfigError([{ path: this.#options.path, message }]);
  }
}
