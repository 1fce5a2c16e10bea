import { ApiError, isNotFound } from '@lanekeeper/kubernetes/api-error';
import { fieldsOf, keyOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { SECRETS } from '@lanekeeper/kubernetes/resources';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { createTablesTeller } from '../tables-teller.ts';
import { watchOptional } from '../watch-optional.ts';
import type { WatchContext } from '../watch-table.ts';
import { checkTlsMaterial, type TlsMaterial } from './tls-material.ts';

/** The Secrets of type kubernetes.io/tls that somebody names. Of all others nothing is kept but that they are there. */
export interface TlsSecrets {
  /** By `namespace/name`; undefined: there is none, as far as is known. */
  material(secret: string): TlsMaterial | undefined;
  /** `owner` names these now, and no others. */
  want(owner: string, secrets: ReadonlySet<string>): void;
  /** False: some that are wanted are still being read. */
  isComplete(): boolean;
  /** Told when something that is wanted may be another one. */
  subscribe(listener: () => void): void;
  start(): void;
  /** Resolves once it is known which there are. */
  synced(): Promise<void>;
  problems(): readonly string[];
  stop(): void;
}

interface Known {
  /** Undefined: it was not wanted when it was read. */
  readonly material: TlsMaterial | undefined;
}

const TYPE = 'kubernetes.io/tls';
const RETRY = { baseMs: 250, maxMs: 10_000 };

export function watchTlsSecrets(context: WatchContext): TlsSecrets {
  return new NamedSecrets(context);
}

class NamedSecrets implements TlsSecrets {
  readonly #context: WatchContext;
  readonly #table;
  readonly #teller;
  readonly #wanted = new Map<string, ReadonlySet<string>>();
  /** Read one by one, for they were not wanted when the watch told them; what it tells since then counts more. */
  readonly #fetched = new Map<string, TlsMaterial>();
  readonly #fetching = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();

  constructor(context: WatchContext) {
    this.#context = context;
    this.#table = watchOptional<Known>(context, {
      resource: SECRETS,
      fieldSelector: `type=${TYPE}`,
      read: (object) => this.#read(object),
      onPending: () => this.#teller.schedule(),
    });
    const tables = [this.#table];
    this.#teller = createTablesTeller({
      log: context.log,
      tables: () => tables,
      onChange: () => this.#take(),
    });
  }

  material(secret: string): TlsMaterial | undefined {
    const known = this.#table.store.get(secret);
    if (known === undefined) return undefined;
    return known.material ?? this.#fetched.get(secret);
  }

  want(owner: string, secrets: ReadonlySet<string>): void {
    this.#wanted.set(owner, secrets);
    for (const secret of this.#fetched.keys()) if (!this.#isWanted(secret)) this.#fetched.delete(secret);
    for (const secret of secrets) this.#fetchIfUnread(secret);
  }

  isComplete(): boolean {
    return this.#fetching.size === 0;
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  start(): void {
    this.#teller.start();
  }

  synced(): Promise<void> {
    return this.#teller.synced();
  }

  problems(): readonly string[] {
    return this.#teller.problems();
  }

  stop(): void {
    this.#stopping.abort();
    this.#teller.stop();
  }

  #isWanted(secret: string): boolean {
    return [...this.#wanted.values()].some((secrets) => secrets.has(secret));
  }

  #read(object: KubeObject): Known | undefined {
    if (object['type'] !== TYPE) return undefined;
    return { material: this.#isWanted(keyOf(object)) ? readMaterial(object) : undefined };
  }

  #take(): void {
    const { keys } = this.#table.take();
    const concerned = [...keys].filter((secret) => this.#isWanted(secret));
    for (const secret of keys) {
      const known = this.#table.store.get(secret);
      if (known === undefined || known.material !== undefined) this.#fetched.delete(secret);
    }
    for (const secret of concerned) this.#fetchIfUnread(secret);
    if (concerned.length > 0) this.#tell();
  }

  #fetchIfUnread(secret: string): void {
    const known = this.#table.store.get(secret);
    if (known === undefined || this.material(secret) !== undefined || this.#fetching.has(secret)) return;
    this.#fetching.add(secret);
    void this.#fetch(secret, 0);
  }

  async #fetch(secret: string, failures: number): Promise<void> {
    const [namespace = '', name = ''] = secret.split('/');
    const { client, log } = this.#context;
    const { signal } = this.#stopping;
    try {
      const object = await client.get({ resource: SECRETS, namespace, name }, { signal });
      if (this.#isWanted(secret)) this.#fetched.set(secret, readMaterial(object));
    } catch (err) {
      if (signal.aborted) return;
      if (failures === 0 && !isNotFound(err)) log.warn({ secret, err }, 'secret_not_read');
      if (!isFinal(err)) return this.#again(secret, failures);
      // Nobody waits for what will not be given.
      if (!isNotFound(err)) this.#fetched.set(secret, { kind: 'invalid', problem: 'it may not be read' });
    }
    this.#fetching.delete(secret);
    this.#tell();
  }

  #again(secret: string, failures: number): void {
    const timer = setTimeout(() => void this.#fetch(secret, failures + 1), backoffMs(failures, RETRY));
    timer.unref();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function isFinal(error: unknown): boolean {
  return isNotFound(error) || (error instanceof ApiError && error.status === 403);
}

function readMaterial(object: KubeObject): TlsMaterial {
  const data = fieldsOf(object['data']);
  const text = (name: string): string => {
    const value = data[name];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  };
  return checkTlsMaterial(text('tls.crt'), text('tls.key'));
}
