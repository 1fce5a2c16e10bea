import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Watches the directories on which a file depends: the one it stands in, where renames over it and the `..data` swap of a
 * ConfigMap show, and, behind symlinks, the one of the real file. Directories, because the watch on a file dies with its inode.
 */
export class DirectoryWatch {
  readonly #path: string;
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  #isClosed = false;

  constructor(path: string, onChange: () => void) {
    this.#path = resolve(path);
    this.#onChange = onChange;
  }

  /** Follows directories that came, went or were replaced. Where the kernel refuses (no inotify left), the poll remains. */
  async refresh(): Promise<void> {
    const wanted = await directoriesOf(this.#path);
    if (this.#isClosed) return;
    for (const [directory, { identity, watcher }] of this.#watchers) {
      if (wanted.get(directory) === identity) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const [directory, identity] of wanted) {
      if (!this.#watchers.has(directory)) this.#add(directory, identity);
    }
  }

  /** How many directories are watched. */
  get size(): number {
    return this.#watchers.size;
  }

  close(): void {
    this.#isClosed = true;
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(directory: string, identity: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, this.#onChange);
      watcher.on('error', () => this.#drop(directory, watcher));
      this.#watchers.set(directory, { identity, watcher });
    } catch {
      // Out of watches, or the directory went away just now: the next refresh tries again.
    }
  }

  #drop(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(directory)?.watcher === watcher) this.#watchers.delete(directory);
  }
}

/** Directory -> device and inode, for those that exist. */
async function directoriesOf(path: string): Promise<ReadonlyMap<string, string>> {
  const real = await realpath(path).catch(() => path);
  const found = new Map<string, string>();
  for (const directory of new Set([dirname(path), dirname(real)])) {
    const stats = await stat(directory).catch(() => undefined);
    if (stats !== undefined) found.set(directory, `${stats.dev}:${stats.ino}`);
  }
  return found;
}
