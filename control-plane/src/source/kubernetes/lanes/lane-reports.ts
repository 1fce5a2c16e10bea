import type { LaneAcks } from '../../../barrier/lane-acks.ts';
import { serviceKey } from '../../../catalog/canonical-key.ts';
import type { CanonicalKey, CatalogChange } from '../../../catalog/catalog.ts';
import type { KindContext } from '../cluster-kind.ts';
import type { DeclaredObject } from './declared-object.ts';
import type { Declarations } from './declarations.ts';
import { LaneStatuses } from './lane-statuses.ts';
import { createRareTask, type RareTask } from './rare-task.ts';

export interface ReportsOptions {
  readonly context: KindContext;
  readonly declarations: Declarations;
  /** At least so long between two looks at what statuses should be … */
  readonly statusMs: number;
  /** … and at warnings, for which the whole cluster is looked at. */
  readonly lintMs: number;
}

/** A change seldom comes alone. */
const CALM_MS = 50;

/** When statuses are looked at again, and which: the leader's business alone. */
export class LaneReports {
  readonly #options: ReportsOptions;
  readonly #statuses: LaneStatuses;
  readonly #telling: RareTask;
  readonly #linting: RareTask;
  /** Groups of which something else is known since they were told; undefined: all. */
  #concerned: Set<string> | undefined = new Set();
  /** Which groups have a service, by its key in the catalog. */
  #groups: ReadonlyMap<CanonicalKey, readonly string[]> | undefined;
  #acks: LaneAcks | undefined;
  readonly #ends: (() => void)[];

  constructor(options: ReportsOptions) {
    const { context, declarations, statusMs, lintMs } = options;
    this.#options = options;
    this.#statuses = new LaneStatuses({
      ...{ ...context, declarations },
      acknowledged: (lane) => this.#acks?.of(lane),
    });
    const delayMs = CALM_MS;
    // What people are told must not end what sidecars are told.
    const onError = (err: unknown): void => context.log.error({ err }, 'lane_status_failed');
    this.#telling = createRareTask({ delayMs, intervalMs: statusMs, run: () => this.#tell(), onError });
    this.#linting = createRareTask({ delayMs, intervalMs: lintMs, run: () => this.#lint(), onError });
    this.#ends = [
      context.catalog.subscribe((change) => this.#catalogChanged(change)),
      context.subscribe(() => this.#request(this.#linting)),
      context.leadership.subscribe((isLeader) => (isLeader ? this.lookAtAll() : this.#forgetAll())),
    ];
  }

  follow(acks: LaneAcks): void {
    this.#acks = acks;
    this.#ends.push(acks.subscribe(() => this.#concern(undefined)));
  }

  /** Something else is declared, or in force. */
  lookAtAll(): void {
    this.#groups = undefined;
    this.#request(this.#linting);
    this.tellAll();
  }

  /** Somebody, mostly this program, has written statuses. */
  tellAll(): void {
    this.#concern(undefined);
  }

  forget(declared: DeclaredObject): void {
    this.#statuses.forget(declared);
  }

  stop(): void {
    this.#telling.stop();
    this.#linting.stop();
    for (const end of this.#ends) end();
  }

  #catalogChanged({ keys, mesh }: CatalogChange): void {
    // Another source may declare what objects declare.
    if (mesh) this.tellAll();
    if (mesh || keys.size === 0) return;
    this.#groups ??= groupsByService(this.#options.declarations);
    const groups = new Set([...keys].flatMap((key) => this.#groups?.get(key) ?? []));
    if (groups.size > 0) this.#concern(groups);
  }

  #concern(groups: ReadonlySet<string> | undefined): void {
    if (groups === undefined) this.#concerned = undefined;
    else for (const group of groups) this.#concerned?.add(group);
    this.#request(this.#telling);
  }

  /** Who does not lead has nothing to say; who comes to lead looks at all. */
  #request(task: RareTask): void {
    if (this.#options.context.isLeader()) task.request();
  }

  #tell(): void {
    if (!this.#options.context.isLeader()) return;
    const concerned = this.#concerned;
    this.#concerned = new Set();
    this.#statuses.tell(concerned);
  }

  #lint(): void {
    if (!this.#options.context.isLeader()) return;
    if (this.#statuses.lint()) this.#concern(undefined);
  }

  /** Another replica's word counts; what this one has wanted is soon old. */
  #forgetAll(): void {
    for (const declared of this.#options.declarations.values()) this.#statuses.forget(declared);
  }
}

function groupsByService(declarations: Declarations): ReadonlyMap<CanonicalKey, readonly string[]> {
  const groups = new Map<CanonicalKey, string[]>();
  for (const { name, services } of declarations.assemble().groups) {
    for (const service of services) {
      const key = serviceKey(service);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [name]);
      else known.push(name);
    }
  }
  return groups;
}
