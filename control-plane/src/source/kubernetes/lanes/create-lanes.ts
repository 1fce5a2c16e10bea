import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { LaneAcks } from '../../../barrier/lane-acks.ts';
import type { Catalog } from '../../../catalog/catalog.ts';
import { DEFAULT_MESH_PART } from '../../../catalog/mesh-part.ts';
import type { ClusterKind, KindContext } from '../cluster-kind.ts';
import { readDocument, type KubeDocument } from '../read/read-document.ts';
import { createTablesTeller, type TablesTeller } from '../tables-teller.ts';
import { watchOptional, type OptionalTable } from '../watch-optional.ts';
import { Declarations } from './declarations.ts';
import { claimsOf } from './lane-claims.ts';
import { findingsOf } from './lane-findings.ts';
import { LaneReports } from './lane-reports.ts';
import { LANE_RESOURCES } from './resources.ts';

export interface LanesOptions {
  /** Wall clock, in milliseconds since 1970; default the machine's. */
  readonly now?: () => number;
  /** How long the routing of a lane that was deleted stays; default one minute. */
  readonly departureMs?: number;
  /** At least so long between two looks at what statuses should be; default 1 s. */
  readonly statusMs?: number;
  /** … and at warnings; default 5 s. */
  readonly lintMs?: number;
}

/** LaneGroups and Lanes, and OpenSergo's rules beside them. */
export function createLanes(context: KindContext, options: LanesOptions = {}): ClusterKind {
  return new LaneKind(context, options);
}

interface Table {
  readonly resource: Resource;
  readonly table: OptionalTable<KubeDocument>;
}

class LaneKind implements ClusterKind {
  readonly #context: KindContext;
  readonly #declarations: Declarations;
  readonly #reports: LaneReports;
  readonly #tables: readonly Table[];
  readonly #teller: TablesTeller;
  readonly #endSubscription: () => void;
  #alarm: NodeJS.Timeout | undefined;

  constructor(context: KindContext, options: LanesOptions) {
    const { now = Date.now, departureMs, statusMs = 1_000, lintMs = 5_000 } = options;
    const { log, catalog } = context;
    this.#context = context;
    const declarations = new Declarations({
      now,
      isExported: (service, namespace) => isExported(catalog, service, namespace),
      ...(departureMs === undefined ? {} : { departureMs }),
    });
    this.#declarations = declarations;
    this.#reports = new LaneReports({ context, declarations, statusMs, lintMs });
    this.#teller = createTablesTeller({
      log,
      tables: () => this.#tables.map(({ table }) => table),
      onChange: () => this.#take(),
    });
    this.#tables = LANE_RESOURCES.map((resource) => {
      const read = readDocument(resource);
      return {
        resource,
        table: watchOptional(context, { resource, read, onPending: this.#teller.schedule }),
      };
    });
    this.#endSubscription = catalog.subscribe(({ keys }) => {
      // Not within the change that it follows from: others are still to be told of that.
      if (keys.size > 0 && declarations.lookAtExports()) setImmediate(() => this.#declare());
    });
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

  findings(): readonly string[] {
    return findingsOf(this.#declarations);
  }

  follow(acks: LaneAcks): void {
    this.#reports.follow(acks);
  }

  stop(): void {
    clearTimeout(this.#alarm);
    this.#endSubscription();
    this.#reports.stop();
    this.#teller.stop();
  }

  #take(): void {
    let isAnother = false;
    for (const { resource, table } of this.#tables) {
      for (const key of table.take().keys) {
        const before = this.#declarations.get(resource, key);
        const document = table.store.get(key);
        isAnother = this.#declarations.update(resource, key, document) || isAnother;
        if (document === undefined && before !== undefined) this.#reports.forget(before);
      }
    }
    if (isAnother) this.#declare();
    // What is not in force is to be told all the same, and a status that somebody else has written to be put right.
    else this.#reports.tellAll();
  }

  #declare(): void {
    const assembled = this.#declarations.assemble();
    const { groups, lanes, colouring } = assembled;
    this.#context.declare({
      mesh: { ...DEFAULT_MESH_PART, groups, lanes, colouring },
      claims: claimsOf(assembled),
    });
    this.#reports.lookAtAll();
    this.#setAlarm();
  }

  /** A lane expires, or one that is deleted has been away for long enough. */
  #setAlarm(): void {
    clearTimeout(this.#alarm);
    const waitMs = this.#declarations.untilChange();
    if (waitMs === undefined) return;
    this.#alarm = setTimeout(() => {
      this.#declarations.passTime();
      this.#declare();
    }, waitMs);
    this.#alarm.unref();
  }
}

/** What no source knows yet hides nothing. */
function isExported(catalog: Catalog, service: ServiceRef, namespace: string): boolean {
  const exportTo = catalog.service(serviceId(service))?.exportTo ?? '*';
  return exportTo === '*' || exportTo.has(namespace);
}
