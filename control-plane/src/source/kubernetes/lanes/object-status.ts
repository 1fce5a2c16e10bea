import type { ObjectVerdict } from '@lanekeeper/mesh-file/objects/assemble-objects';
import type { Finding } from '@lanekeeper/lint/finding';
import type { Condition } from '../../../status/object-statuses.ts';
import { accepted, condition, sentences } from './conditions.ts';
import { keptGeneration, type DeclaredObject } from './declared-object.ts';
import type { MemberCounts } from './member-counts.ts';

/** How many of a lane's sidecars and gateways run its generation. */
export interface Acknowledged {
  readonly acknowledged: number;
  readonly of: number;
  /** `waiting`: its rules are held back until all have; `timed-out`: they are in force without some. */
  readonly state: 'open' | 'waiting' | 'timed-out';
  readonly reason?: string;
}

/** An object, and what is known of what became of it. */
export interface Judged {
  readonly declared: DeclaredObject;
  /** Of what is in force of it; undefined: nothing is. */
  readonly verdict: ObjectVerdict | undefined;
  readonly warnings: readonly Finding[];
  /** Another source declares it as well, otherwise, and its word counts first. */
  readonly isOverruled: boolean;
}

export interface LaneFacts extends Judged {
  readonly hasExpired: boolean;
  readonly members: readonly MemberCounts[];
  readonly acknowledged: Acknowledged | undefined;
}

export interface GroupFacts extends Judged {
  readonly members: readonly MemberCounts[];
  readonly lanes: readonly {
    readonly name: string;
    readonly isReady: boolean;
    readonly acknowledged: Acknowledged | undefined;
  }[];
}

type Status = Readonly<Record<string, unknown>>;

/** The first ones show what is wrong. */
const MOST_WARNINGS = 20;

export function laneStatus(facts: LaneFacts): Status {
  const { declared, members, acknowledged } = facts;
  const { name, namespace } = declared.document.metadata;
  const [own, generation] = [`${namespace}/`, declared.inForce?.object.meta.generation];
  const endpoints = members.map(({ service, lanes }) => {
    const short = service.startsWith(own) ? service.slice(own.length) : service;
    return [short, lanes.get(name) ?? 0] as const;
  });
  return {
    conditions: [
      condition('Accepted', acceptedOf(facts), declared),
      condition('Ready', laneReady(facts), declared),
      condition('Expired', expired(facts), declared),
    ],
    generation,
    endpoints: Object.fromEntries(endpoints),
    acknowledged: acknowledged === undefined ? undefined : textOf(acknowledged),
    ...common(facts),
  };
}

export function laneReady({ declared, verdict, hasExpired, members, acknowledged }: LaneFacts): Verdicts {
  if (verdict?.isInForce !== true) return no('NotAccepted', 'nothing of the lane is in force');
  if (hasExpired)
    return no('Expired', 'its rules are out of force; requests that carry its tag still reach it');
  const { name } = declared.document.metadata;
  if (members.every(({ lanes }) => (lanes.get(name) ?? 0) === 0)) {
    return no('NoEndpoints', `no pod of the group's services is of lane ${name} and ready`);
  }
  if (acknowledged?.state === 'waiting') return no('WaitingForSidecars', acknowledged.reason ?? '');
  if (acknowledged?.state === 'timed-out') return yes('NotAcknowledgedByAll', acknowledged.reason ?? '');
  return yes('Ready', '');
}

function expired({ declared, hasExpired }: LaneFacts): Verdicts {
  const object = declared.inForce?.object;
  if (hasExpired) return yes('TtlOver', 'it is older than its ttl: raise spec.ttl or delete it');
  const hasTtl = object?.kind === 'Lane' && object.spec.ttlSeconds !== undefined;
  return no(hasTtl ? 'WithinTtl' : 'NoTtl', '');
}

export function groupStatus(facts: GroupFacts): Status {
  const { declared, members, lanes } = facts;
  return {
    conditions: [
      condition('Accepted', acceptedOf(facts), declared),
      condition('Ready', groupReady(facts), declared),
    ],
    members: members.map((member) => ({
      ...{ service: member.service, pods: member.pods, injected: member.injected },
      lanes: Object.fromEntries([...member.lanes].sort(([a], [b]) => (a < b ? -1 : 1))),
    })),
    lanes: lanes.map(({ name, isReady, acknowledged }) => ({
      ...{ name, ready: isReady, endpoints: sum(members.map((member) => member.lanes.get(name) ?? 0)) },
      ...(acknowledged === undefined ? {} : { acknowledged: textOf(acknowledged) }),
    })),
    ...common(facts),
  };
}

function groupReady({ verdict, members }: GroupFacts): Verdicts {
  if (verdict?.isInForce !== true) return no('NotAccepted', 'nothing of the group is in force');
  const unknown = members.filter(({ isUnknown }) => isUnknown).map(({ service }) => service);
  if (unknown.length > 0) return no('MembersUnknown', `no source knows ${unknown.join(', ')}`);
  return yes('Ready', '');
}

/** Of OpenSergo's rules. */
export function ruleStatus(facts: Judged): Status {
  const { declared, verdict } = facts;
  const conditions: Condition[] = [condition('Accepted', accepted(declared, verdict), declared)];
  if (declared.document.kind === 'WorkloadLabelRule') {
    const isNotEffective = verdict?.reason === 'NotYetEffective';
    const said = isNotEffective ? yes('NotYetEffective', sentences(verdict.problems)) : no('Effective', '');
    conditions.push(condition('NotEffective', said, declared));
  }
  return { conditions, ...common(facts) };
}

function common({ declared, warnings }: Judged): Status {
  return {
    warnings: warnings
      .slice(0, MOST_WARNINGS)
      .map(({ code, severity, path, message, fix }) => ({ code, severity, path, message, fix })),
    inForce: keptGeneration(declared),
  };
}

type Verdicts = ReturnType<typeof accepted>;

function acceptedOf({ declared, verdict, isOverruled }: Judged): Verdicts {
  if (!isOverruled || declared.problems.length > 0 || verdict?.isInForce !== true) {
    return accepted(declared, verdict);
  }
  const message = 'a mesh file declares it as well, otherwise, and its word counts before that of objects';
  return no('DeclaredElsewhere', message);
}

function yes(reason: string, message: string): Verdicts {
  return { status: 'True', reason, message };
}

function no(reason: string, message: string): Verdicts {
  return { status: 'False', reason, message };
}

function textOf({ acknowledged, of }: Acknowledged): string {
  return `${acknowledged}/${of}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
