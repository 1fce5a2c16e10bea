import { createHmac, randomBytes } from 'node:crypto';
import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import {
  describeFileProblem,
  followFile,
  type FileSource,
  type FollowTimes,
} from '@lanekeeper/mesh-file/file-source';
import type { DocumentSink } from '@lanekeeper/mesh-file/mesh-sink';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { Log } from '@lanekeeper/runtime/log';
import type { Authenticator, Caller, Grant } from '../caller.ts';
import { StreamEnd } from '../stream-end.ts';
import { decodeTokens, sha256Of, type StaticToken } from './decode-tokens.ts';

export interface StaticTokensOptions {
  readonly path: string;
  readonly log: Log;
  readonly times?: FollowTimes;
}

export interface StaticTokens extends Authenticator {
  authenticate(token: string | undefined): Promise<Grant>;
  /** Reads the file and follows it. Rejects with a ConfigError where it is missing or wrong. */
  start(): Promise<void>;
  /** Why the tokens in force may not be those of the file. */
  problems(): readonly string[];
  close(): void;
}

/** Tokens for sidecars that no API server vouches for: a file says which there are, and who may show them. */
export function createStaticTokens({ path, log, times }: StaticTokensOptions): StaticTokens {
  const tokens = new TokenTable();
  let file: FileSource | undefined;
  let isClosed = false;
  return {
    authenticate(token) {
      try {
        return Promise.resolve(tokens.find(token));
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
    async start() {
      file = await followFile({ path, decode: decodeTokens, sink: tokens, log, ...times });
      if (isClosed) file.close();
    },
    onChange: (listener) => tokens.onChange(listener),
    problems: () => tokens.problems().map((problem) => describeFileProblem(path, problem)),
    close() {
      isClosed = true;
      file?.close();
    },
  };
}

/** The tokens in force. */
class TokenTable implements DocumentSink<readonly StaticToken[]> {
  /**
   * Tokens are looked up by a keyed hash: how long that takes says nothing of any token to who does not know the key, which no
   * other process has.
   */
  readonly #key = randomBytes(32);
  #tokens: ReadonlyMap<string, StaticToken> = new Map();
  readonly #listeners = new Set<() => void>();
  #generation = '';
  #problems: readonly ConfigProblem[] = [];

  accept(tokens: readonly StaticToken[]): boolean {
    this.#problems = [];
    // Short, and of no use to whoever reads it in a log: the key is in it.
    const generation = this.#digest(JSON.stringify(tokens)).slice(0, 12);
    const isNew = generation !== this.#generation;
    this.#generation = generation;
    this.#tokens = new Map(tokens.map((token) => this.#entryOf(token)));
    for (const listener of this.#listeners) listener();
    return isNew;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  reject(problems: readonly ConfigProblem[]): void {
    this.#problems = problems;
  }

  status(): { readonly generation: string } {
    return { generation: this.#generation };
  }

  problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  find(token: string | undefined): Grant {
    if (token === undefined) {
      throw new StreamEnd(
        'token_absent',
        'expected metadata authorization: Bearer <token of the tokens file>',
      );
    }
    const place = this.#digest(sha256Of(token));
    const found = this.#tokens.get(place);
    if (found === undefined) throw new StreamEnd('token_refused', 'no such token is in the tokens file');
    return {
      callerFor: (node) => callerFor(found, node),
      isInForce: () => this.#tokens.get(place) === found,
    };
  }

  /** What is said of a token as before is the same object as before. */
  #entryOf(token: StaticToken): readonly [string, StaticToken] {
    const place = this.#digest(token.sha256);
    const before = this.#tokens.get(place);
    const isSame = before !== undefined && JSON.stringify(before) === JSON.stringify(token);
    return [place, isSame ? before : token];
  }

  #digest(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }
}

function callerFor(token: StaticToken, node: NodeIdentity): Caller {
  const problem = objection(token, node);
  if (problem !== undefined) throw new StreamEnd('identity_mismatch', `token ${token.name} is ${problem}`);
  return {
    pod: node.pod,
    namespace: node.namespace,
    // Two sidecars with the same name and token may both be there: nobody says which of them is old.
    podUid: undefined,
    isGateway: token.isGateway,
    expiresAtMs: Number.POSITIVE_INFINITY,
  };
}

function objection({ namespaces, pods, apps }: StaticToken, node: NodeIdentity): string | undefined {
  if (!namespaces.includes(node.namespace)) {
    return `for namespace ${namespaces.join(', ')}, the hello says ${node.namespace}`;
  }
  if (pods !== undefined && !pods.some((pattern) => isMatch(pattern, node.pod))) {
    return `for pod ${pods.join(', ')}, the hello says ${node.pod}`;
  }
  if (apps !== undefined && !apps.includes(node.app)) {
    return `for app ${apps.join(', ')}, the hello says ${node.app}`;
  }
  return undefined;
}

function isMatch(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
