import type { EdgeHandling } from '../../exchange/exchange.ts';
import type { HeaderEdit, RequestHead } from '../../wire/head.ts';
import type { LocalReply } from '../../wire/local-reply.ts';
import type { Decision } from '../decision.ts';
import { corsEdits, preflightReply } from './cors.ts';
import { affinityEdit } from './affinity.ts';
import { readEdgePath } from './edge-path.ts';
import type { EdgeOutcome } from './edge-outcome.ts';
import { forwardedEdits } from './forwarded-headers.ts';
import { joinEdits, NO_CHANGES } from './header-changes.ts';
import { redirectReply } from './redirect.ts';

type Mirrors = NonNullable<EdgeHandling['mirrors']>;
export type MirrorEdits = (decision: Decision) => readonly HeaderEdit[];

/** What the driver is to do beyond a plain relay; undefined: nothing. `editsOf` are the request's edits under another decision. */
export function edgeHandling(
  decision: Decision,
  head: RequestHead,
  editsOf: MirrorEdits,
): EdgeHandling | undefined {
  const { edge } = decision;
  if (edge === undefined || decision.refusal !== undefined) return undefined;
  const reply = replyOf(edge, head);
  if (reply !== undefined) return { reply };
  const { limits, rewrite } = edge.rule;
  const path = rewrite?.pathOf === undefined ? undefined : rewrittenPath(edge, head);
  const upstreamProtocol = upstreamProtocolOf(decision, head);
  if (
    limits === undefined &&
    rewrite === undefined &&
    upstreamProtocol === undefined &&
    edge.mirrors.length === 0
  ) {
    return undefined;
  }
  return {
    ...limits,
    ...(path === undefined ? {} : { path }),
    ...(rewrite?.authority === undefined ? {} : { authority: rewrite.authority }),
    ...(upstreamProtocol === undefined ? {} : { upstreamProtocol }),
    ...(edge.mirrors.length === 0 ? {} : { mirrors: mirrorsOf(decision, edge, editsOf) }),
  };
}

function replyOf(edge: EdgeOutcome, head: RequestHead): LocalReply | undefined {
  const { answer, rule } = edge;
  if (answer === undefined) return undefined;
  if (answer === 'preflight') return rule.cors === undefined ? undefined : preflightReply(rule.cors, head);
  return withFields(ownReply(edge, head), answerEdits(edge, head));
}

function ownReply({ rule, listener, client }: EdgeOutcome, head: RequestHead): LocalReply {
  const { action } = rule;
  const path = readEdgePath(head.path) ?? { pathname: head.path, loose: head.path, query: '' };
  if (action.kind === 'redirect') {
    return redirectReply(action, { head, path, listener, client, prefix: rule.prefix });
  }
  const { status, reason } = action.kind === 'reply' ? action : { status: 500, reason: 'no action' };
  const body = `${reason}\n`;
  return {
    status,
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['content-length', String(Buffer.byteLength(body))],
    ],
    body,
    closes: false,
  };
}

function answerEdits({ rule }: EdgeOutcome, head: RequestHead): readonly HeaderEdit[] {
  return joinEdits([rule.cors === undefined ? NO_CHANGES : corsEdits(rule.cors, head), rule.responseEdits]);
}

function withFields(reply: LocalReply, edits: readonly HeaderEdit[]): LocalReply {
  if (edits.length === 0) return reply;
  const replaced = new Set(edits.filter(({ append }) => append !== true).map(({ name }) => name));
  const kept = reply.headers.filter(([name]) => !replaced.has(name));
  const more = edits.flatMap(({ name, value }): [string, string][] =>
    value === null ? [] : [[name, value]],
  );
  return { ...reply, headers: [...kept, ...more] };
}

function rewrittenPath({ rule }: EdgeOutcome, head: RequestHead): string | undefined {
  const path = readEdgePath(head.path);
  return path === undefined ? undefined : rule.rewrite?.pathOf?.(path);
}

/** What came to no listener of its own keeps its protocol, as in the mesh. */
function upstreamProtocolOf(
  { edge, servicePort }: Decision,
  head: RequestHead,
): EdgeHandling['upstreamProtocol'] {
  if (edge === undefined || edge.listener.isPlain) return undefined;
  const wanted =
    edge.choice?.backend?.protocol ?? declared(servicePort?.protocol) ?? (isGrpc(head) ? 'http2' : 'http');
  const isHttp2 = head.protocol === 'h2';
  if (isHttp2 === (wanted === 'http2')) return undefined;
  return wanted === 'http2' ? 'h2' : 'http/1.1';
}

function declared(protocol: string | undefined): 'http2' | undefined {
  return protocol === 'http2' || protocol === 'grpc' ? 'http2' : undefined;
}

function isGrpc({ protocol, headers }: RequestHead): boolean {
  return protocol === 'h2' && headers.get('content-type')?.startsWith('application/grpc') === true;
}

/** A copy is of the same lane and has the rule's changes, not those that are for a backend alone. */
function mirrorsOf(decision: Decision, edge: EdgeOutcome, editsOf: MirrorEdits): Mirrors {
  return edge.mirrors.map(({ servicePort, endpoint }) => ({
    target: { address: endpoint.address, port: endpoint.port },
    edits: editsOf({ ...decision, servicePort, edge: { ...edge, choice: undefined } }),
  }));
}

/** After the lane's edits: what tells of the client, then the rule's changes, then the backend's. */
export function withEdgeEdits(
  ofLane: readonly HeaderEdit[],
  edge: EdgeOutcome,
  head: RequestHead,
): readonly HeaderEdit[] {
  const { listener, rule, choice, client, requestId } = edge;
  if (listener.isPlain) return ofLane;
  // The two have no name in common.
  const own = [...ofLane, ...forwardedEdits({ head, listener, client, requestId })];
  return joinEdits([own, rule.requestEdits, choice?.backend?.requestEdits ?? NO_CHANGES]);
}

export function edgeResponseEdits({ edge, endpoint }: Decision, head: RequestHead): readonly HeaderEdit[] {
  if (edge === undefined) return NO_CHANGES;
  const { rule, choice } = edge;
  return joinEdits([
    rule.cors === undefined ? NO_CHANGES : corsEdits(rule.cors, head),
    rule.responseEdits,
    choice?.backend?.responseEdits ?? NO_CHANGES,
    cookieEdits(edge, endpoint),
  ]);
}

function cookieEdits(edge: EdgeOutcome, endpoint: Decision['endpoint']): readonly HeaderEdit[] {
  const { rule, choice, listener } = edge;
  if (rule.affinity === undefined || endpoint === undefined) return NO_CHANGES;
  if (choice?.backend === undefined || choice.isUnbound) return NO_CHANGES;
  const { backend, affinity } = choice;
  const isTls = listener.protocol === 'https';
  const edit = affinityEdit(rule.affinity, affinity, { backend, endpoint, isTls });
  return edit === undefined ? NO_CHANGES : [edit];
}
