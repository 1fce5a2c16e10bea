import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '@lanekeeper/lint/finding';
import { lintWorld } from '@lanekeeper/lint/lint-world';
import type { ObjectVerdict } from '@lanekeeper/mesh-file/objects/assemble-objects';
import { describeObject, type MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { Catalog } from '../../../catalog/catalog.ts';
import type { ObjectRef, ObjectStatuses } from '../../../status/object-statuses.ts';
import type { ClusterTables } from '../cluster-tables.ts';
import { clusterWorld } from './cluster-world.ts';
import type { DeclaredObject } from './declared-object.ts';
import type { Declarations } from './declarations.ts';
import { LANE_GROUPS, LANES } from './resources.ts';
import { Look } from './look.ts';
import { createMemberCounts, type CountMembers } from './member-counts.ts';
import {
  groupStatus,
  laneReady,
  laneStatus,
  ruleStatus,
  type Acknowledged,
  type Judged,
  type LaneFacts,
} from './object-status.ts';

/** How many sidecars run the generation of a lane; undefined: it is not known. */
export type AcknowledgedOf = (lane: {
  readonly group: string;
  readonly name: string;
}) => Acknowledged | undefined;

export interface LaneStatusesOptions {
  readonly declarations: Declarations;
  readonly statuses: ObjectStatuses;
  readonly catalog: Pick<Catalog, 'service' | 'mesh'>;
  readonly tables: ClusterTables;
  readonly acknowledged: AcknowledgedOf;
}

/** Says of each object what became of it. */
export class LaneStatuses {
  readonly #options: LaneStatusesOptions;
  readonly #count: CountMembers;
  #warnings: ReadonlyMap<string, readonly Finding[]> = new Map();

  constructor(options: LaneStatusesOptions) {
    this.#options = options;
    this.#count = createMemberCounts(options.catalog, options.tables.pods);
  }

  /** Looks at the cluster as a whole; the findings show with the next {@link tell}. False: they are as before. */
  lint(): boolean {
    const { declarations, tables } = this.#options;
    const objects = [...declarations.values()].flatMap(({ inForce }) => inForce?.object ?? []);
    const warnings = new Map<string, Finding[]>();
    for (const finding of objects.length === 0 ? [] : lintWorld(clusterWorld(objects, tables))) {
      const known = warnings.get(finding.object);
      if (known === undefined) warnings.set(finding.object, [finding]);
      else known.push(finding);
    }
    const isSame = isDeepStrictEqual(warnings, this.#warnings);
    this.#warnings = warnings;
    return !isSame;
  }

  /** `concerned`: groups, as the mesh calls them, of which something else is known; undefined: all, and whatever is in none. */
  tell(concerned: ReadonlySet<string> | undefined): void {
    const assembled = this.#options.declarations.assemble();
    const look = new Look(assembled, this.#options.catalog.mesh().value, this.#count);
    for (const declared of this.#options.declarations.values()) {
      const group = groupOf(declared);
      if (concerned === undefined || (group !== undefined && concerned.has(group))) {
        this.#options.statuses.want(
          refOf(declared),
          this.#statusOf(declared, look),
          declared.document.status,
        );
      }
    }
  }

  forget(declared: DeclaredObject): void {
    this.#options.statuses.forget(refOf(declared));
  }

  #statusOf(declared: DeclaredObject, look: Look): Readonly<Record<string, unknown>> {
    const { kind } = declared.document;
    if (kind === 'LaneGroup') return this.#groupStatus(declared, look);
    return kind === 'Lane'
      ? laneStatus(this.#laneFacts(declared, look))
      : ruleStatus(this.#judge(declared, look));
  }

  #groupStatus(declared: DeclaredObject, look: Look): Readonly<Record<string, unknown>> {
    const name = groupOf(declared) ?? '';
    const lanes = look.lanesOf(name).map((lane) => {
      const known = this.#options.declarations.get(
        LANES,
        `${declared.document.metadata.namespace}/${lane.name}`,
      );
      const acknowledged = this.#options.acknowledged(lane);
      // One that is deleted still routes for a moment.
      const isReady = known !== undefined && laneReady(this.#laneFacts(known, look)).status === 'True';
      return { name: lane.name, isReady, acknowledged };
    });
    return groupStatus({ ...this.#judge(declared, look), members: look.membersOf(name), lanes });
  }

  #laneFacts(declared: DeclaredObject, look: Look): LaneFacts {
    const group = groupOf(declared) ?? '';
    const object = declared.inForce?.object;
    const { name } = declared.document.metadata;
    return {
      ...this.#judge(declared, look),
      hasExpired: object?.kind === 'Lane' && this.#options.declarations.hasExpired(object),
      members: look.membersOf(group),
      acknowledged: this.#options.acknowledged({ group, name }),
    };
  }

  #judge(declared: DeclaredObject, { verdicts, overruled }: Look): Judged {
    const object = declared.inForce?.object;
    const verdict = object === undefined ? undefined : verdicts.get(object);
    return {
      declared,
      verdict: verdict?.isInForce === true && this.#isLeaving(declared) ? GROUP_DELETED : verdict,
      warnings: object === undefined ? [] : (this.#warnings.get(describeObject(object)) ?? []),
      isOverruled: overruled.has(`${declared.document.kind} ${groupOf(declared) ?? ''} ${laneIn(declared)}`),
    };
  }

  /** What is in force of it is for requests that are under way. */
  #isLeaving({ document, inForce }: DeclaredObject): boolean {
    if (inForce?.object.kind !== 'Lane') return false;
    const key = `${document.metadata.namespace}/${inForce.object.spec.group}`;
    return this.#options.declarations.get(LANE_GROUPS, key) === undefined;
  }
}

const GROUP_DELETED: ObjectVerdict = {
  isInForce: false,
  reason: 'GroupNotFound',
  problems: [{ path: 'spec.group', message: 'its LaneGroup is deleted; it colours nobody any more' }],
};

/** The group that an object is about, as the mesh calls it; undefined: none. */
export function groupOf({ document, inForce }: DeclaredObject): string | undefined {
  const { namespace, name } = document.metadata;
  if (document.kind === 'LaneGroup') return `${namespace}/${name}`;
  const object: MeshObject | undefined = inForce?.object;
  return object?.kind === 'Lane' ? `${namespace}/${object.spec.group}` : undefined;
}

function refOf({ resource, document }: DeclaredObject): ObjectRef {
  const { namespace, name } = document.metadata;
  return { resource, namespace, name };
}

function laneIn({ document }: DeclaredObject): string {
  return document.kind === 'Lane' ? document.metadata.name : '';
}
