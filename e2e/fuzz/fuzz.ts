import { converse, type Conversation, type Outcome } from './client.ts';
import { cut, mutate } from './mutate.ts';
import { judgeRequests, judgeResponse, show } from './oracles.ts';
import { createRandom, type Random } from './random.ts';
import type { Script } from './recording-upstream.ts';
import { HTTP1_SEEDS, HTTP2_RESPONSE_SEEDS, HTTP2_SEEDS, RESPONSE_SEEDS, TLS_SEED } from './seeds.ts';
import type { Role, Target } from './target.ts';

export interface Finding {
  readonly role: Role;
  /** `--case` repeats it. */
  readonly case: number;
  readonly problem: string;
  readonly conversation: string;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Asked before each case. */
  readonly goesOn: (cases: number) => boolean;
  readonly found: (finding: Finding) => void;
}

const BOUND_MS = 6_000;
const CANARY_EVERY = 25;
const SETTLE_EVERY = 1_000;

interface Case {
  readonly conversation: Conversation;
  readonly script: Script;
  /** A plain request whose response can be compared with the upstream's. */
  readonly method: string | undefined;
}

/** A connection that was broken off may reach the upstream when the next ones are under way. */
const RECENT = 4;

/** Plays case after case against `target`, one at a time; returns how many. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<number> {
  let cases = 0;
  const recent: Buffer[] = [];
  const tell = (number: number, problems: readonly string[], conversation: string): void => {
    for (const problem of problems) options.found({ role: target.role, case: number, problem, conversation });
  };
  while (options.goesOn(cases) && target.health().length === 0) {
    const number = caseNumber(options.seed, cases);
    await playCase(target, { number, recent, tell });
    recent.splice(0, recent.length - RECENT);
    cases += 1;
    if (cases % CANARY_EVERY === 0) tell(number, await target.canary(), lastBytes(target));
    if (cases % SETTLE_EVERY === 0) tell(number, await leftovers(target), 'settle');
  }
  tell(0, [...target.health(), ...(await target.canary()), ...(await leftovers(target))], 'at the end');
  return cases;
}

async function leftovers(target: Target): Promise<readonly string[]> {
  return [...(await target.settle()), ...(await target.unexplained())];
}

/** What reached the upstream since the last case, to explain a canary that died. */
function lastBytes(target: Target): string {
  return target.upstream
    .take()
    .map((record) => show(record.bytes().toString('latin1')))
    .join('\n    ');
}

interface Play {
  readonly number: number;
  /** What the connections before this one sent; this one is added. */
  readonly recent: Buffer[];
  readonly tell: (number: number, problems: readonly string[], conversation: string) => void;
}

export async function playCase(target: Target, { number, recent, tell }: Play): Promise<void> {
  const made = makeCase(createRandom(number));
  const { conversation, script } = made;
  const sent = Buffer.concat(conversation.pieces);
  recent.push(sent);
  target.upstream.play(script);
  const outcome = await converse(target.entry, conversation, BOUND_MS);
  const problems = [
    ...judgeRequests(recent, target.upstream.take(), target.role === 'outbound'),
    ...judgeOutcome(made, outcome),
    ...target.health(),
  ];
  tell(number, problems, describe(made, outcome));
}

function describe({ conversation, script }: Case, outcome: Outcome): string {
  const { pieces, ending } = conversation;
  const answer = script.answer === undefined ? 'a plain answer' : show(script.answer.toString('latin1'));
  return [
    `${show(Buffer.concat(pieces).toString('latin1'))} in ${pieces.length} pieces, ${ending}`,
    `upstream (${script.when}, ${script.ending}): ${answer}`,
    `received (${outcome.close}): ${show(outcome.received.toString('latin1'))}`,
  ].join('\n    ');
}

function judgeOutcome({ method, script }: Case, outcome: Outcome): readonly string[] {
  if (outcome.close === 'hung') return ['the connection was neither answered nor closed'];
  if (method === undefined || script.answer === undefined) return [];
  return judgeResponse({
    method,
    answer: script.answer,
    upstreamEnded: script.ending !== 'reset',
    received: outcome.received,
    clientEnded: outcome.close === 'ended',
  });
}

function caseNumber(seed: number, at: number): number {
  return (Math.imul(seed, 0x9e3779b1) + Math.imul(at, 0x85ebca6b)) >>> 0;
}

const PLAIN_REQUESTS = HTTP1_SEEDS.slice(0, 6);

function makeCase(random: Random): Case {
  const kind = random.below(20);
  const ending = random.pick(['end', 'end', 'end', 'end', 'end', 'end', 'end', 'reset', 'stay'] as const);
  const when = random.pick(['message', 'message', 'head'] as const);
  const upstreamEnding = random.pick(['keep', 'end', 'reset'] as const);
  const script: Script = {
    answer: undefined,
    ending: random.chance(0.8) ? 'keep' : upstreamEnding,
    when,
    switches: random.chance(0.5),
  };
  if (kind < 10) return conversation(mutate(random.pick(HTTP1_SEEDS), random), { random, ending, script });
  if (kind < 15)
    return responseCase(random, { ...script, when: 'message', ending: upstreamEnding, switches: false });
  if (kind < 17) return conversation(mutate(random.pick(HTTP2_SEEDS), random), { random, ending, script });
  if (kind < 19)
    return conversation(random.pick(HTTP2_SEEDS), {
      random,
      ending: 'stay',
      script: { ...script, answer: mutate(random.pick(HTTP2_RESPONSE_SEEDS), random) },
    });
  return conversation(random.chance(0.5) ? mutate(TLS_SEED, random) : random.bytes(1 + random.below(200)), {
    random,
    ending,
    script,
  });
}

function conversation(
  bytes: Buffer,
  {
    random,
    ending,
    script,
  }: { readonly random: Random; readonly ending: Conversation['ending']; readonly script: Script },
): Case {
  return { conversation: { pieces: cut(bytes, random), ending }, script, method: undefined };
}

/** A request as it should be, and an upstream that does not answer as it should. */
function responseCase(random: Random, script: Script): Case {
  const request = random.pick(PLAIN_REQUESTS);
  const [method = ''] = request.toString('latin1').split(' ', 1);
  const answer = mutate(random.pick(RESPONSE_SEEDS), random);
  return { conversation: { pieces: [request], ending: 'end' }, script: { ...script, answer }, method };
}
